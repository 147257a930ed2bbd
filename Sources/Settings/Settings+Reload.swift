extension Settings {
    /// The keys whose change a reload cannot carry out, in the order of the reference.
    ///
    /// Sockets and threads hold from the start to the end; everything else is taken over.
    package func keysNeedingRestart(since running: Settings) -> [String] {
        let differences = [
            ("listen", Set(sockets) != Set(running.sockets)),
            ("workers", workers != running.workers),
        ]
        return differences.filter(\.1).map(\.0)
    }

    /// What a reload has to leave as it was bound.
    private struct Socket: Hashable {
        let address: Address
        let isEncrypted: Bool
    }

    private var sockets: [Socket] {
        listeners.map { Socket(address: $0.address, isEncrypted: $0.tls != nil) }
    }

    /// The keys that only a restart applies.
    private static let keysOfTheStart: Set<String> = ["listen[].address", "workers"]

    /// The keys that hold something else than before and are in force after a reload, in the order
    /// of the reference. Those of listeners are left out where the caller knows better.
    package func keysChanged(since other: Settings, areListenersChanged: Bool) -> [String] {
        inventory.changes(since: other.inventory).filter { key in
            !Self.keysOfTheStart.contains(key)
                && (areListenersChanged || !key.hasPrefix("listen[]"))
        }
    }
}
