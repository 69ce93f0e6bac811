import Addressing
import Engine
import HTTPMessage
import NetworkModel

/// `/events` (docker-network-api 8).
enum EventRoutes {
    static let all: [Route] = [.later("GET", "/events", events)]

    /// Bytes that may wait for a client that reads slowly, some five hundred events, as many again in the socket: there may
    /// be hundreds who never read.
    private static let backlog = 192 << 10

    /// What the client asked for.
    private struct Span: Sendable {
        let since: Timestamp?
        let until: Timestamp?
    }

    private static func events(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let query = try call.query()
        let span = try span(query)
        let filter = EventFilter(try FilterSet(query["filters"]))
        let format = EventFormat(call.version, accept: call.headers["Accept"])
        let stream = ResponseStream(capacity: backlog, burst: 1 << 20)
        if let until = span.until, until <= .now() {
            let past = span.since.map(call.engine.events.history) ?? []
            stream.write(past.filter { $0.time <= until && filter.matches($0) }.flatMap(format.bytes))
            stream.finish()
        } else {
            follow(call.engine.events, span, filter, format, stream)
        }
        return call.responses.stream(stream, type: format.contentType)
    }

    /// The past since `since`, then all that comes, up to `until` or until the client goes.
    private static func follow(
        _ journal: EventJournal, _ span: Span, _ filter: EventFilter, _ format: EventFormat, _ stream: ResponseStream
    ) {
        @Sendable func tell(_ event: Event) {
            if let until = span.until, event.time > until { return }
            if filter.matches(event) { stream.write(format.bytes(event)) }
        }
        let subscription = journal.subscribe(since: span.since) { past in
            let events = past.filter { event in span.until.map { event.time <= $0 } ?? true && filter.matches(event) }
            stream.write(events.flatMap(format.bytes))
        } listener: {
            tell($0)
        }
        let end = span.until.map { until in
            Task {
                // In steps, for a sleep of centuries is more than clocks can count.
                while !Task.isCancelled, until > .now() {
                    let left = until.nanoseconds - Timestamp.now().nanoseconds
                    try? await Task.sleep(for: .nanoseconds(min(max(left, 0), 3_600_000_000_000)))
                }
                journal.cancel(subscription)
                stream.finish()
            }
        }
        stream.whenGone {
            journal.cancel(subscription)
            end?.cancel()
        }
    }

    private static func span(_ query: QueryParameters) throws(APIError) -> Span {
        let since = try moment("since", query)
        let until = try moment("until", query).map { Self.present($0, as: query["until"]) }
        if let since, let until, until < since {
            throw .badRequest(
                "`since` time (\(query["since"])) cannot be after `until` time (\(query["until"]))")
        }
        return Span(since: since, until: until)
    }

    /// Clients that say "until now" send whole seconds: the present one, or the last when they are slow. Cut short by that
    /// rounding, they would miss what has just happened.
    private static func present(_ until: Timestamp, as text: String) -> Timestamp {
        let now = Timestamp.now()
        let (age, overflow) = now.nanoseconds.subtractingReportingOverflow(until.nanoseconds)
        return !overflow && !text.contains(".") && (0..<1_500_000_000).contains(age) ? now : until
    }

    private static func moment(_ name: String, _ query: QueryParameters) throws(APIError) -> Timestamp? {
        let text = query[name]
        if text.isEmpty { return nil }
        do {
            return try UnixTime.parse(text)
        } catch {
            throw .badRequest("invalid value for '\(name)': invalid timestamp \(text.goQuoted): \(error.message)")
        }
    }
}
