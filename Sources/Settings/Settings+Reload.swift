extension Settings {
    /// The keys whose change a reload cannot carry out, in the order of the reference.
    ///
    /// Sockets and threads hold from the start to the end; everything else is taken over.
    package func keysNeedingRestart(since running: Settings) -> [String] {
        let listenersDiffer = !listeners.elementsEqual(running.listeners) { new, old in
            new.address == old.address && (new.tls == nil) == (old.tls == nil)
        }
        let differences = [
            ("listen", listenersDiffer),
            ("workers", workers != running.workers),
        ]
        return differences.filter(\.1).map(\.0)
    }
}
