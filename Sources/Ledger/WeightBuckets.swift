/// Users by weight, so that the heaviest is found at once.
///
/// One bucket per weight that occurs, in ascending order; in a bucket the user who has stood at
/// that weight longest comes first. A user who changes weight looks for the new bucket from the
/// old one, a newcomer from the light end. Weights that occur are distinct, so with n streams
/// there are at most about the square root of 2n buckets to pass, and mostly there is one.
package struct WeightBuckets: Sendable {
    private var buckets = Slab<Bucket>()
    private var order = LinkedList()
    private var orderLinks = LinkTable()
    private var userLinks = LinkTable()
    private var bucketOfUser: [Int: Int] = [:]

    package init() {}

    private struct Bucket: Sendable {
        let weight: Int
        var users = LinkedList()
    }

    /// How many users stand here.
    var count: Int { bucketOfUser.count }

    /// The weight at which the user stands here, if any.
    func weight(of user: Int) -> Int? {
        bucketOfUser[user].map { buckets[$0].weight }
    }

    /// Moves the user to `weight`, behind those who stand there already; `nil` takes the user out.
    /// A user whose weight has not changed keeps the place.
    package mutating func place(_ user: Int, at weight: Int?) {
        let old = bucketOfUser[user]
        guard weight != old.map({ buckets[$0].weight }) else { return }
        let new = weight.map { bucket(weighing: $0, near: old) }
        if let old { remove(user, from: old) }
        bucketOfUser[user] = new
        if let new { userLinks.append(user, to: &buckets[new].users) }
    }

    /// The heaviest user but `exception`; among equals the one who has stood there longest.
    package func heaviest(except exception: Int?) -> (user: Int, weight: Int)? {
        guard let top = order.last else { return nil }
        return first(of: top, except: exception)
            ?? orderLinks.previous(before: top).flatMap { first(of: $0, except: exception) }
    }

    private func first(of bucket: Int, except exception: Int?) -> (user: Int, weight: Int)? {
        guard let first = buckets[bucket].users.first else { return nil }
        let user = first == exception ? userLinks.next(after: first) : first
        return user.map { ($0, buckets[bucket].weight) }
    }

    /// The bucket of that weight, made if there is none.
    private mutating func bucket(weighing weight: Int, near start: Int?) -> Int {
        var lighter = start
        while let bucket = lighter, buckets[bucket].weight > weight {
            lighter = orderLinks.previous(before: bucket)
        }
        while let next = follower(of: lighter), buckets[next].weight <= weight { lighter = next }
        if let lighter, buckets[lighter].weight == weight { return lighter }
        let bucket = buckets.insert(Bucket(weight: weight))
        orderLinks.insert(bucket, after: lighter, in: &order)
        return bucket
    }

    private func follower(of bucket: Int?) -> Int? {
        bucket.map { orderLinks.next(after: $0) } ?? order.first
    }

    private mutating func remove(_ user: Int, from bucket: Int) {
        userLinks.remove(user, from: &buckets[bucket].users)
        guard buckets[bucket].users.isEmpty else { return }
        orderLinks.remove(bucket, from: &order)
        buckets.remove(bucket)
    }
}

extension WeightBuckets {
    /// Buckets ascend, none is empty, and every user stands in the bucket that the books name.
    func checkInvariants() {
        var userCount = 0
        var last = 0
        for bucket in orderLinks.slots(of: order) {
            precondition(buckets[bucket].weight > last, "Weights ascend.")
            precondition(!buckets[bucket].users.isEmpty, "No bucket is empty.")
            last = buckets[bucket].weight
            for user in userLinks.slots(of: buckets[bucket].users) {
                precondition(bucketOfUser[user] == bucket, "A user stands in one bucket.")
                userCount += 1
            }
        }
        precondition(bucketOfUser.count == userCount, "Every user listed stands in a bucket.")
        precondition(buckets.count == order.count, "Every bucket is in the order.")
    }
}
