import Identity
import Testing

@Suite("Tombstones in a query")
struct LastEventIDQueryTests {
    @Test(arguments: [
        ("lastEventId=~s1.AAAA", "id", "lastEventId=id"),
        ("a=1&last_event_id=%7Es1.AAAA&b=2", "x y/ä", "a=1&last_event_id=x%20y%2F%C3%A4&b=2"),
        ("a=1&Last-Event-ID=~s1.AAAA", "", "a=1"),
        ("lastEventId=~s1.AAAA", "", ""),
        ("lastEventId=~s1.A&&lastEventId=~s1.B", "7", "lastEventId=7&&lastEventId=7"),
        ("%6CastEventId=~s1.AAAA", "7", "%6CastEventId=7"),
    ])
    func `the id that it holds takes its place`(query: String, id: String, expected: String) {
        #expect(LastEventIDQuery.replacingTombstones(in: query) { _ in id } == expected)
    }

    @Test func `the first that says something is where the client goes on`() {
        let query = "a=1&last-event-id=&lastEventId=x%20y&lastEventId=2"
        #expect(LastEventIDQuery.first(in: query) == "x y")
        #expect(LastEventIDQuery.first(in: "a=1&lastEventId") == nil)
    }

    @Test(arguments: [
        "", "a=1", "lastEventId=42", "lastEventId", "id=~s1.AAAA", "a=lastEventId=~s1.",
    ])
    func `anything else stays as it is`(query: String) {
        #expect(LastEventIDQuery.replacingTombstones(in: query) { _ in "changed" } == nil)
    }
}
