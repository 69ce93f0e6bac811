import HTTPMessage
import Synchronization

/// Stands in for the API until the engine is up: the sockets are opened before, but serve only after.
final class ResponderGate: Responder {
    private let responder = Mutex<(any Responder)?>(nil)

    func open(_ responder: any Responder) {
        self.responder.withLock { $0 = responder }
    }

    func respondAtOnce(to request: RequestHead) -> Response? {
        responder.withLock(\.self)?.respondAtOnce(to: request)
    }

    func respond(to request: Request) async -> Response {
        await responder.withLock(\.self)?.respond(to: request) ?? Response(status: 503)
    }
}
