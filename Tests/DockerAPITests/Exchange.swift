import DockerAPI
import HTTPMessage
import JSON
import Logging

/// What came back, its body read to the end where it is whole.
struct Answer {
    let status: Int
    let headers: Headers
    let body: [UInt8]
    let stream: ResponseStream?

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue? { try? JSON.parse(body) }
    /// The text of Docker's error body; nil unless the body is exactly that.
    var message: String? {
        guard case .object(let object) = json, object.members.count == 1, case .string(let text) = object["message"],
            headers["Content-Type"] == "application/json", body.last == 0x0A
        else { return nil }
        return text
    }

    init(_ response: Response) {
        status = response.status
        headers = response.headers
        switch response.body {
        case .empty: (body, stream) = ([], nil)
        case .bytes(let bytes): (body, stream) = (bytes, nil)
        case .stream(let open): (body, stream) = ([], open)
        }
    }
}

extension FakeEngine {
    /// Sends a request through the routes as the server does: the fast path first.
    func send(
        _ method: String, _ target: String, json: String? = nil, type: String? = "application/json",
        accept: String? = nil, minimum: String = "1.24"
    ) async -> Answer {
        var configuration = DockerAPI.Configuration()
        configuration.minimumVersion = minimum
        let api = DockerAPI(
            engine: self, configuration: configuration,
            logger: Logger(label: "test") { _ in
                SwiftLogNoOpLogHandler()
            })
        return await api.send(method, target, json: json, type: type, accept: accept)
    }
}

extension DockerAPI {
    func send(
        _ method: String, _ target: String, json: String? = nil, type: String? = "application/json",
        accept: String? = nil
    ) async -> Answer {
        var headers = Headers()
        if json != nil, let type { headers.append("Content-Type", type) }
        if let accept { headers.append("Accept", accept) }
        let peer = Peer.unix(pid: 1, uid: 0)
        let head = RequestHead(method: method, target: target, headers: headers, peer: peer)
        if let response = respondAtOnce(to: head) { return Answer(response) }
        let body = BodyStream(Array((json ?? "").utf8))
        return Answer(
            await respond(to: Request(method: method, target: target, headers: headers, body: body, peer: peer)))
    }
}

extension ResponseStream {
    /// All that is written until the end, or what there is after the time is up.
    func readAll(within duration: Duration = .seconds(5)) async -> (text: String, ended: Bool) {
        var bytes: [UInt8] = []
        let deadline = ContinuousClock.now + duration
        while ContinuousClock.now < deadline {
            switch read(limit: 1 << 16, onReadable: {}) {
            case .bytes(let more): bytes += more
            case .later: try? await Task.sleep(for: .milliseconds(2))
            case .end, .aborted: return (String(decoding: bytes, as: UTF8.self), true)
            }
        }
        return (String(decoding: bytes, as: UTF8.self), false)
    }
}
