import HTTPMessage
import JSON

/// A JSON request body as Docker's routes take it (docker-network-api 1.6).
enum JSONBody {
    /// The most that a route collects.
    static let limit = 16 << 20

    /// Reads the body into a struct of the Go type. No body at all is an all-zero struct.
    static func read<Value>(
        _ body: BodyStream, of call: Call, as goType: String, _ read: (StructReader) -> Value
    ) async throws(APIError) -> Value {
        let isAbsent = body.declaredLength == 0 || body.declaredLength == nil && !call.isChunked
        try checkContentType(call.headers["Content-Type"], hasBody: !isAbsent)
        if isAbsent { return try decode(.null, as: goType, read) }
        return try decode(try parse(try await collect(body)), as: goType, read)
    }

    /// The one value that the bytes consist of.
    static func parse(_ bytes: [UInt8]) throws(APIError) -> JSONValue {
        do {
            let (value, end) = try JSON.parseFirst(bytes)
            if JSON.hasMore(bytes, from: end) { throw APIError.badRequest("unexpected content after JSON") }
            return value
        } catch let error as JSONError {
            let text = error == .endOfFile ? "got EOF while reading request body" : error.message
            throw .badRequest("invalid JSON: " + text)
        } catch let error as APIError {
            throw error
        } catch {
            throw .badRequest("invalid JSON: \(error)")
        }
    }

    static func decode<Value>(
        _ document: JSONValue, as goType: String, _ read: (StructReader) -> Value
    ) throws(APIError) -> Value {
        let context = DecodeContext()
        let value = read(StructReader(document, goType: goType, context: context))
        do {
            try context.finish()
        } catch {
            throw .badRequest("invalid JSON: " + error.message)
        }
        return value
    }

    static func checkContentType(_ header: String?, hasBody: Bool) throws(APIError) {
        guard let header, !header.isEmpty else {
            if hasBody { throw .badRequest("malformed Content-Type header (): mime: no media type") }
            return
        }
        do {
            guard try MediaType.parse(header) == "application/json" else {
                throw APIError.badRequest("unsupported Content-Type header (\(header)): must be 'application/json'")
            }
        } catch let error as MediaTypeError {
            throw .badRequest("malformed Content-Type header (\(header)): \(error.message)")
        } catch let error as APIError {
            throw error
        } catch {
            throw .badRequest("malformed Content-Type header (\(header)): \(error)")
        }
    }

    static func collect(_ body: BodyStream) async throws(APIError) -> [UInt8] {
        do {
            return try await body.collect(limit: limit)
        } catch {
            switch error {
            case .tooLarge(let limit): throw APIError(413, "request body is larger than \(limit) bytes")
            case .incomplete: throw .badRequest("invalid JSON: unexpected EOF")
            }
        }
    }
}

extension Call {
    /// Whether the body's length is unknown until it ends.
    var isChunked: Bool { headers["Transfer-Encoding"] != nil }
}
