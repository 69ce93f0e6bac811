import HTTPMessage
import JSON

/// Responses in Docker's form: its headers on every routed one, its error body (docker-network-api 1.4, 1.5).
struct Responses: Sendable {
    /// What every response that the version check let through carries.
    private let common: Headers
    private let json: Headers
    /// What a version error carries: `Docker-Experimental` comes after that check.
    private let versionError: Headers

    init(serverVersion: String) {
        var headers = Headers()
        headers.append("Api-Version", APIVersion.newest.text)
        headers.append("Ostype", "linux")
        headers.append("Server", "Docker/\(serverVersion) (linux)")
        versionError = headers.adding("Content-Type", "application/json")
        headers.append("Docker-Experimental", "false")
        common = headers
        json = headers.adding("Content-Type", "application/json")
    }

    /// A cached document.
    func json(_ answer: RenderedAnswer) -> Response {
        Response(status: 200, headers: json, body: .bytes(answer.bytes), kept: answer.form)
    }

    /// Bytes that are JSON already.
    func json(_ bytes: [UInt8], status: Int = 200) -> Response {
        Response(status: status, headers: json, body: .bytes(bytes))
    }

    /// A document that `write` writes, line feed included.
    func json(status: Int = 200, capacity: Int = 512, _ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter(capacity: capacity)
        write(&writer)
        writer.endLine()
        return json(writer.bytes, status: status)
    }

    func empty(_ status: Int) -> Response { Response(status: status, headers: common) }

    func stream(_ stream: ResponseStream, type: String) -> Response {
        Response(status: 200, headers: common.adding("Content-Type", type), body: .stream(stream))
    }

    func with(_ fields: [(String, String)], status: Int, body: Response.Body) -> Response {
        var headers = common
        for (name, value) in fields { headers.append(name, value) }
        return Response(status: status, headers: headers, body: body)
    }

    /// A refusal of a route. 304 has no body.
    func error(_ error: APIError) -> Response {
        if error.status == 304 { return empty(304) }
        return Response(status: error.status, headers: json, body: .bytes(Self.body(error.message)))
    }

    /// A refusal of the version prefix.
    func versionError(_ error: APIError, plainText: Bool) -> Response {
        if plainText { return Self.plainText(error, versionError) }
        return Response(status: error.status, headers: versionError, body: .bytes(Self.body(error.message)))
    }

    /// A refusal before any route was found, so without Docker's headers.
    static func unrouted(_ error: APIError, plainText: Bool = false) -> Response {
        if plainText { return Self.plainText(error, Headers()) }
        return Response(
            status: error.status, headers: Headers().adding("Content-Type", "application/json"),
            body: .bytes(body(error.message)))
    }

    /// As Go's `http.Error`, which clients below 1.24 were sent.
    private static func plainText(_ error: APIError, _ headers: Headers) -> Response {
        var result = Headers(headers.fields.filter { $0.name != "Content-Type" })
        result.append("Content-Type", "text/plain; charset=utf-8")
        result.append("X-Content-Type-Options", "nosniff")
        return Response(status: error.status, headers: result, body: .bytes(Array("\(error.message)\n".utf8)))
    }

    private static func body(_ message: String) -> [UInt8] {
        var writer = JSONWriter(capacity: message.utf8.count + 16)
        writer.object { $0.field("message", message) }
        writer.endLine()
        return writer.bytes
    }
}

extension Headers {
    func adding(_ name: String, _ value: String) -> Headers {
        var result = self
        result.append(name, value)
        return result
    }
}
