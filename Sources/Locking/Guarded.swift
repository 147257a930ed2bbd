internal import Synchronization

/// A value behind a mutex, as `Mutex` is, that ThreadSanitizer can follow as well.
///
/// On Linux a contended `Mutex` is passed on by the kernel, and the library around it is not
/// instrumented. So the sanitizer of Swift 6.3 reports races between sections that the mutex does
/// keep apart. `order` says the same once more in our own code: a section begins after the one
/// before it has ended. That costs a load and a store. When the sanitizer knows `Mutex`, this type
/// can go.
package struct Guarded<Value: ~Copyable>: ~Copyable, Sendable {
    private let mutex: Mutex<Value>
    private let order = Atomic(false)

    package init(_ value: consuming sending Value) {
        mutex = Mutex(value)
    }

    package borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { value throws(Failure) in
            _ = order.load(ordering: .acquiring)
            defer { order.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
