import Policy

/// The accounts of all users that owe something, one for each policy under which they do, whether
/// or not they have a live stream.
///
/// Each call that may open an account looks at a few others and drops those that are paid, so
/// there are about as many as there are debtors. No more than `accountsMax` are kept: then the
/// one that was not looked at for longest is forgiven. An account with an episode is kept until
/// its end is told; if there were nothing but those, further users would not be charged, for
/// refusing them would let some users lock out the others.
struct Accounts: Sendable {
    /// The most users that are charged at one time.
    static let accountsMax = 100_000
    /// How many accounts a charge looks at. More than one, so that they are dropped faster than
    /// they are opened.
    private static let looksPerCharge = 2
    /// How many episodes one call to `endedFlaps` looks at.
    static let flapLooksMax = 1024

    let countMax: Int
    private var accounts = Slab<Account>()
    private var slotOfKey: [Account.Key: Int] = [:]
    /// Those without an episode, in the order in which they were looked at or charged last.
    private var quiet = LinkedList()
    /// Those with an episode, in the order in which they are looked at.
    private var flapping = LinkedList()
    private var links = LinkTable()

    init(countMax: Int) {
        self.countMax = countMax
    }

    var count: Int { accounts.count }

    var hasFlaps: Bool { !flapping.isEmpty }

    /// The answer to a newcomer whose eviction the budget does not allow.
    struct Shortage {
        /// What is left of the cool-down.
        let retryAfter: Duration
        /// Present when an episode begins with it.
        let flap: Flap?
    }

    /// Why the user may not cause an eviction now, `nil` when it may. The refusal is noted.
    mutating func shortage(
        of user: User, under policy: Policy?, generation: UInt64, budget: Policy.EvictionBudget,
        now: Duration, chance: Double
    ) -> Shortage? {
        guard let slot = slot(of: user, under: policy, budget, now: now) else { return nil }
        let wait = accounts[slot].wait(under: budget, now: now)
        guard wait > .zero else { return nil }
        let isNew = accounts[slot].episode == nil
        let retryAfter = accounts[slot].refuse(
            for: wait, under: policy, generation: generation, budget: budget, now: now,
            chance: chance)
        guard isNew else { return Shortage(retryAfter: retryAfter, flap: nil) }
        links.remove(slot, from: &quiet)
        links.append(slot, to: &flapping)
        return Shortage(retryAfter: retryAfter, flap: accounts[slot].flap)
    }

    /// Charges the user one eviction.
    mutating func charge(
        _ user: User, under policy: Policy? = nil, _ budget: Policy.EvictionBudget, now: Duration
    ) {
        let key = Account.Key(user: user, policy: policy?.name)
        guard
            let slot = slot(of: user, under: policy, budget, now: now)
                ?? open(key, budget: budget, now: now)
        else { return }
        accounts[slot].charge(budget, now: now)
        if accounts[slot].episode == nil { links.moveToEnd(slot, of: &quiet) }
        for _ in 0..<Self.looksPerCharge { lookAtFirst(now: now) }
    }

    /// Gives the user one eviction back.
    mutating func refund(
        _ user: User, under policy: Policy?, _ budget: Policy.EvictionBudget, now: Duration
    ) {
        guard let slot = slot(of: user, under: policy, budget, now: now) else { return }
        accounts[slot].refund(budget, now: now)
    }

    /// The account, in the coin of `budget`.
    private mutating func slot(
        of user: User, under policy: Policy?, _ budget: Policy.EvictionBudget, now: Duration
    ) -> Int? {
        guard let slot = slotOfKey[Account.Key(user: user, policy: policy?.name)] else {
            return nil
        }
        accounts[slot].adopt(budget, now: now)
        return slot
    }

    /// The episodes that are over, each of them once.
    mutating func endedFlaps(now: Duration) -> [Flap] {
        var ended: [Flap] = []
        for _ in 0..<min(flapping.count, Self.flapLooksMax) {
            guard let slot = flapping.first else { break }
            guard let episode = accounts[slot].episode, let flap = accounts[slot].flap else {
                preconditionFailure("A flapping account has an episode.")
            }
            guard episode.rest <= now else {
                links.moveToEnd(slot, of: &flapping)
                continue
            }
            ended.append(flap)
            accounts[slot].episode = nil
            accounts[slot].evictions = 0
            links.remove(slot, from: &flapping)
            links.append(slot, to: &quiet)
            if accounts[slot].isPaid(now) { drop(slot) }
        }
        return ended
    }

    /// A new account, for which a quiet one may have to go; `nil` when there is no room.
    private mutating func open(
        _ key: Account.Key, budget: Policy.EvictionBudget, now: Duration
    ) -> Int? {
        if accounts.count >= countMax {
            guard let first = quiet.first else { return nil }
            drop(first)
        }
        let slot = accounts.insert(Account(key, budget: budget, now: now))
        slotOfKey[key] = slot
        links.append(slot, to: &quiet)
        return slot
    }

    /// Drops the first quiet account if it is paid, or puts it last.
    private mutating func lookAtFirst(now: Duration) {
        guard let first = quiet.first else { return }
        if accounts[first].isPaid(now) {
            drop(first)
        } else {
            links.moveToEnd(first, of: &quiet)
        }
    }

    private mutating func drop(_ slot: Int) {
        links.remove(slot, from: &quiet)
        slotOfKey[accounts[slot].key] = nil
        accounts.remove(slot)
    }
}

extension Accounts {
    /// Every account is found by its user and stands in the list where it belongs.
    func checkInvariants() {
        precondition(accounts.count <= countMax, "The accounts are bounded.")
        precondition(slotOfKey.count == accounts.count, "Every account is found by its user.")
        precondition(
            quiet.count + flapping.count == accounts.count, "Every account is in one list.")
        for (key, slot) in slotOfKey {
            precondition(accounts[slot].key == key, "A user finds its own account.")
        }
        for slot in links.slots(of: quiet) {
            precondition(accounts[slot].episode == nil, "The quiet have no episode.")
        }
        for slot in links.slots(of: flapping) {
            precondition(accounts[slot].episode != nil, "The flapping have an episode.")
        }
    }
}
