import HTTPMessage
import Synchronization

/// A few routes that exercise every path through the server.
final class TestResponder: Responder {
    /// Opened by a test to let `/gate` answer, or `/stall` read on.
    let gate = Gate()
    /// What the next `/stream` answers with.
    let stream = Mutex<ResponseStream?>(nil)
    /// How many requests `respond` has been asked.
    let asked = Atomic<Int>(0)
    let cancelled = Atomic<Int>(0)
    let bytesRead = Atomic<Int>(0)
    let bodyFailure = Mutex<BodyStream.Failure?>(nil)

    /// The answer of `/kept`: the same each time.
    private let kept = Response(
        status: 200, headers: Headers([.init(name: "Content-Type", value: "text/plain")]),
        body: .bytes(Array("kept".utf8)), kept: KeptForm())

    static let big = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    func respondAtOnce(to head: RequestHead) -> Response? {
        switch head.target {
        case "/fast": text("fast \(head.method)")
        case "/big": Response(status: 200, body: .bytes(Self.big))
        case "/kept": kept
        case "/none": Response(status: 204)
        case "/headers": text(head.headers.fields.map { "\($0.name)=\($0.value)" }.joined(separator: "\n"))
        case "/peer": text("\(head.peer)")
        case _ where head.target.hasPrefix("/target"): text(head.target)
        case "/stream-at-once": Response(status: 200, body: .stream(stream.withLock(\.self) ?? ResponseStream()))
        default: nil
        }
    }

    func respond(to request: Request) async -> Response {
        asked.add(1, ordering: .relaxed)
        switch request.target {
        case "/slow":
            try? await Task.sleep(for: .milliseconds(20))
            return text("slow")
        case "/gate":
            if await !gate.wait() { cancelled.add(1, ordering: .relaxed) }
            return text("gate")
        case "/stream": return Response(status: 200, body: .stream(stream.withLock(\.self) ?? ResponseStream()))
        case "/echo": return await echo(request.body)
        case "/reject": return Response(status: 413, body: .bytes(Array("too large".utf8)))
        case "/sip":
            _ = try? await request.body.next()
            return Response(status: 409, body: .bytes(Array("enough".utf8)))
        case "/stall":
            _ = await gate.wait()
            return await echo(request.body)
        default: return Response(status: 404, body: .bytes(Array("not found".utf8)))
        }
    }

    private func echo(_ body: BodyStream) async -> Response {
        var all: [UInt8] = []
        do throws(BodyStream.Failure) {
            while let chunk = try await body.next() {
                bytesRead.add(chunk.count, ordering: .relaxed)
                all += chunk
            }
        } catch {
            bodyFailure.withLock { $0 = error }
            return Response(status: 400, body: .empty)
        }
        return Response(status: 200, body: .bytes(all))
    }

    private func text(_ text: String) -> Response {
        Response(
            status: 200, headers: Headers([.init(name: "Content-Type", value: "text/plain")]),
            body: .bytes(Array(text.utf8)))
    }
}

/// Something to wait for. False when the waiting task was cancelled.
final class Gate: Sendable {
    private let open = Atomic<Bool>(false)

    func wait() async -> Bool {
        while !open.load(ordering: .acquiring) {
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return false }
        }
        return true
    }

    func pass() { open.store(true, ordering: .releasing) }
}
