/// Names one registration with the event loop; the kernel carries it in `epoll_data`.
///
/// A slot is reused as soon as its connection closes, while the batch in hand may still hold events
/// for the old one. The generation tells the two apart.
package struct Registration: Equatable, Sendable {
    let slot: UInt32
    let generation: UInt32

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    init(packed: UInt64) {
        slot = UInt32(truncatingIfNeeded: packed)
        generation = UInt32(truncatingIfNeeded: packed >> 32)
    }

    var packed: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}
