internal import CLinux
internal import Glibc

/// One thread of the system. Whoever starts it may wait for its end.
package final class Thread: Sendable {
    private let handle: pthread_t

    /// What the new thread runs, boxed for the one pointer that pthread_create passes on.
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts `run` on a new thread. `name` is for debuggers and `top`, 15 bytes at most.
    package init(name: String, _ run: @escaping @Sendable () -> Void) throws(SystemCallError) {
        var handle = pthread_t()
        let body = unsafe Unmanaged.passRetained(Body(name: name, run: run))
        // SAFETY: the new thread takes over the one reference that was retained for it; when there
        // is no new thread, it is released here.
        let code = unsafe pthread_create(
            &handle, nil,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
                unsafe clinux_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            unsafe body.release()
            throw SystemCallError(call: "pthread_create", errno: code)
        }
        self.handle = handle
    }

    /// Waits for the thread to end. Once.
    package func join() {
        _ = pthread_join(handle, nil)
    }
}
