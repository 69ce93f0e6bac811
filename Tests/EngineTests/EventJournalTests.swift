import Engine
import NetworkModel
import Testing

@Suite struct EventJournalTests {
    private func event(_ number: Int, padding: Int = 0) -> Event {
        Event(
            type: "container", action: "create", actor: "\(number)",
            attributes: ["label": String(repeating: "x", count: padding)], time: Timestamp(nanoseconds: Int64(number)))
    }

    @Test func theLast256AreKept() {
        let journal = EventJournal()
        for number in 1...300 { journal.publish(event(number)) }
        #expect(journal.history(since: .zero).map(\.actor) == (45...300).map(String.init))
    }

    @Test func longLabelsDoNotPileUp() {
        let journal = EventJournal()
        for number in 1...100 { journal.publish(event(number, padding: 1 << 20)) }
        #expect(journal.history(since: .zero).count == 7)
        journal.publish(event(101, padding: 64 << 20))
        #expect(journal.history(since: .zero).map(\.actor) == ["101"])
    }
}
