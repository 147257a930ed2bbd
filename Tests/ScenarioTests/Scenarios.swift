import Testing

/// Everything here runs the built program with real sockets. One after the other: each scenario
/// measures time or memory, and a neighbour would be measured with it.
@Suite("Scenarios", .serialized)
struct Scenarios {}
