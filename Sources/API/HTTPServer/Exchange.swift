internal import CMicroHTTPD
internal import CShims
internal import HTTPMessage

/// One request and its response, from the request line to the last byte. MHD calls `proceed` again and again as the
/// request comes in; all calls are on the connection's thread.
final class Exchange {
    private enum Phase {
        /// The header fields are there.
        case arriving
        /// No body.
        case bare
        /// A body small enough to be held is coming in; nobody was asked yet.
        case collecting
        /// The responder was asked but has not asked for the body: suspended, an answer closes the connection.
        case undecided
        /// The body is passed on as it comes.
        case receiving
        /// The responder was asked; called again at once. A connection suspended while it still counts as reading is
        /// read from when it is resumed, and closed if the client has closed its writing side.
        case settling
        /// Suspended until there is an answer.
        case waiting
        case answered
        /// Answered early; what else comes is thrown away, so many bytes so far.
        case lingering(Int)
    }

    private let target: String
    private let connection: OpaquePointer
    private let server: ListenerDaemon
    private var phase = Phase.arriving
    private var method = ""
    private var headers = Headers()
    private var peer = Peer.tcp(address: "", verified: false)
    private var collected: [UInt8] = []
    private var pending: PendingAnswer?
    private var isCounted = false
    /// Bytes of the body that have come, and for how many of them room was taken.
    private var received = 0
    private var held = 0

    init(target: String, connection: OpaquePointer, server: ListenerDaemon) {
        self.target = target
        self.connection = connection
        self.server = server
    }

    /// The next step. `upload`: what has come of the body; its `count` is set to what is left unread.
    func proceed(_ request: MHDRequestLine, upload: UnsafeRawPointer?, count: inout Int) -> MHD_Result {
        switch phase {
        case .arriving: return arrive(request)
        case .bare: return answerBare()
        case .collecting: return collect(upload, &count)
        case .undecided: return decide()
        case .receiving: return receive(upload, &count)
        case .settling:
            phase = .waiting
            return answer(closing: false)
        case .waiting: return answer(closing: false)
        case .answered: return .YES
        case .lingering(let sofar): return linger(sofar, &count)
        }
    }

    /// The response is out, or the connection broke.
    func end() {
        pending?.end()
        pending = nil
        if isCounted { server.traffic.end() }
        server.traffic.release(held)
    }
}

// MARK: - Header fields

extension Exchange {
    private func arrive(_ request: MHDRequestLine) -> MHD_Result {
        server.traffic.begin()
        isCounted = true
        method = request.method
        headers = Headers(of: connection)
        let framing = Framing(headers, isHTTP10: request.isHTTP10)
        if case .invalid(let reason) = framing { return refuse(400, reason) }
        do throws(ConnectionContext.Refusal) {
            peer = try server.peer(of: connection)
        } catch {
            return refuse(403, error.message)
        }
        if server.isPlainTCP, let reason = PlainTCP.refusal(of: headers) { return refuse(403, reason) }
        switch framing {
        // A response queued now would close the connection: MHD calls again at once.
        case .none, .invalid: phase = .bare
        case .length(let length) where length <= UInt64(server.limits.bodyBuffer):
            collected.reserveCapacity(Int(length))
            phase = .collecting
        case .length(let length):
            return ask(body: BodyStream(declaredLength: length, capacity: server.limits.bodyBuffer))
        case .chunked: return ask(body: BodyStream(declaredLength: nil, capacity: server.limits.bodyBuffer))
        }
        return .YES
    }

    private func refuse(_ status: Int, _ reason: String) -> MHD_Result {
        queue(server.renderError(status, reason), closing: true)
    }

    private func answerBare() -> MHD_Result {
        let head = RequestHead(method: method, target: target, headers: headers, peer: peer)
        if let response = server.responder.respondAtOnce(to: head) {
            if case .stream = response.body { return answerAtOnce(withStream: response) }
            return queue(response, closing: server.traffic.isDraining)
        }
        return askComplete([])
    }

    /// A stream needs the means to be suspended.
    private func answerAtOnce(withStream response: Response) -> MHD_Result {
        if server.traffic.isDraining {
            response.discardStream()
            return unavailable()
        }
        makePending(body: BodyStream([])).adopt(response, descriptor: server.descriptor(of: connection))
        phase = .waiting
        return answer(closing: false)
    }
}

// MARK: - Body

extension Exchange {
    private func collect(_ upload: UnsafeRawPointer?, _ count: inout Int) -> MHD_Result {
        guard count > 0 else {
            defer { collected = [] }
            return askComplete(collected)
        }
        guard hold(count) else {
            collected = []
            return refuseMore(&count)
        }
        collected.append(contentsOf: UnsafeRawBufferPointer(start: upload, count: count))
        count = 0
        return .YES
    }

    private func decide() -> MHD_Result {
        guard let pending, !pending.isGone else { return .NO }
        if let response = pending.takeResponse() { return queue(response, closing: true) }
        if server.traffic.isSealed { return unavailable() }
        guard pending.isBodyWanted else { return park() }
        phase = .receiving
        return .YES
    }

    private func receive(_ upload: UnsafeRawPointer?, _ count: inout Int) -> MHD_Result {
        guard let pending, !pending.isGone else { return .NO }
        guard count > 0 else {
            pending.body.finish()
            phase = .settling
            return .YES
        }
        if let response = pending.takeResponse() { return answerEarly(response, &count) }
        if server.traffic.isSealed { return .NO }
        guard hold(count) else {
            pending.abandon()
            return refuseMore(&count)
        }
        let bytes = Array(UnsafeRawBufferPointer(start: upload, count: count))
        count = 0
        let suspension = pending.suspension
        if pending.body.offer(bytes, onDrain: { suspension.wake() }) { return .YES }
        // Signalled: drained, or answered, which the next call sees.
        return suspension.park() == .refused ? .NO : .YES
    }

    /// Takes room for what has come, which somebody keeps for as long as the request lasts: false when too much is held.
    private func hold(_ count: Int) -> Bool {
        received += count
        let more = max(0, received - Limits.freeBody) - held
        guard more > 0 else { return true }
        guard server.traffic.hold(more, limit: server.limits.bodies) else { return false }
        held += more
        return true
    }

    private func refuseMore(_ count: inout Int) -> MHD_Result {
        answerEarly(server.renderError(503, "too many large request bodies at a time: try again later"), &count)
    }

    private func answerEarly(_ response: Response, _ count: inout Int) -> MHD_Result {
        guard EarlyAnswer.send(response, on: connection) else { return .NO }
        phase = .lingering(count)
        count = 0
        return .YES
    }

    private func linger(_ sofar: Int, _ count: inout Int) -> MHD_Result {
        guard count > 0, sofar + count <= EarlyAnswer.lingering else { return .NO }
        phase = .lingering(sofar + count)
        count = 0
        return .YES
    }
}

// MARK: - Answer

extension Exchange {
    /// Asks the responder about a request that is complete.
    private func askComplete(_ bytes: [UInt8]) -> MHD_Result {
        if server.traffic.isDraining { return unavailable() }
        start(makePending(body: BodyStream(bytes)))
        phase = .settling
        return .YES
    }

    /// Asks the responder before the body is read: it may refuse it.
    private func ask(body: BodyStream) -> MHD_Result {
        if server.traffic.isDraining { return unavailable() }
        phase = .undecided
        let pending = makePending(body: body)
        pending.notifyWhenWanted()
        start(pending)
        return park()
    }

    private func makePending(body: BodyStream) -> PendingAnswer {
        let answer = PendingAnswer(
            suspension: Suspension(connection, traffic: server.traffic), body: body, traffic: server.traffic,
            peers: server.peers)
        pending = answer
        return answer
    }

    private func start(_ pending: PendingAnswer) {
        let request = Request(method: method, target: target, headers: headers, body: pending.body, peer: peer)
        pending.start(server.responder, request, descriptor: server.descriptor(of: connection))
    }

    private func answer(closing: Bool) -> MHD_Result {
        guard let pending, !pending.isGone else { return .NO }
        if let response = pending.takeResponse() {
            if case .stream = response.body { pending.beginStream() }
            return queue(response, closing: closing || server.traffic.isDraining)
        }
        return server.traffic.isSealed ? unavailable() : park()
    }

    private func park() -> MHD_Result {
        guard let pending else { return .NO }
        switch pending.suspension.park() {
        case .suspended: return .YES
        case .signalled, .refused:
            if case .undecided = phase { return decide() }
            return answer(closing: false)
        }
    }

    private func unavailable() -> MHD_Result {
        queue(server.renderError(503, "the daemon is shutting down"), closing: true)
    }

    private func queue(_ response: Response, closing: Bool) -> MHD_Result {
        guard server.traffic.unread.admits(response) else {
            return queue(server.renderError(503, "too many large answers wait to be read"), closing: true)
        }
        phase = .answered
        let result = MHDResponse.queue(
            response, on: connection, toHead: method == "HEAD", closing: closing, pending: pending,
            unread: server.traffic.unread)
        if result == nil { response.discardStream() }
        return result ?? .NO
    }
}
