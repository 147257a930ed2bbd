/// Which names the members of each object have had so far. One table for all objects of a text, and
/// one array for all names: nothing is allocated for a member.
///
/// The hash is seeded for each process (`Hasher`), so that nobody can choose names that meet in it.
struct MemberNames {
    private struct Member {
        let object: Int32
        let hash: Int
        let name: Range<Int>
    }

    private var members: [Member] = []
    private var bytes: [UInt8] = []
    private var objects: Int32 = 0
    /// Open addressing: one more than the place among the members, or zero. Never more than half
    /// full: a member takes four bytes of text at least, as in `"":0`.
    private var table: [Int32]

    init(textBytes: Int) {
        var capacity = 16
        while capacity < textBytes / 2 { capacity *= 2 }
        table = [Int32](repeating: 0, count: capacity)
    }

    mutating func beginObject() -> Int32 {
        objects += 1
        return objects
    }

    /// Whether the object has had no member of this name.
    mutating func insert(_ name: ArraySlice<UInt8>, of object: Int32) -> Bool {
        var hasher = Hasher()
        hasher.combine(object)
        for byte in name { hasher.combine(byte) }
        let hash = hasher.finalize()
        var slot = hash & (table.count - 1)
        while table[slot] > 0 {
            let other = members[Int(table[slot]) - 1]
            if other.hash == hash, other.object == object,
                bytes[other.name].elementsEqual(name)
            {
                return false
            }
            slot = (slot + 1) & (table.count - 1)
        }
        guard members.count < table.count / 2 else { return false }
        let start = bytes.count
        bytes.append(contentsOf: name)
        members.append(Member(object: object, hash: hash, name: start..<bytes.count))
        table[slot] = Int32(members.count)
        return true
    }
}
