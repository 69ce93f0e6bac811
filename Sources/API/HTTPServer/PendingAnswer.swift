internal import HTTPMessage
internal import Synchronization

/// An answer that the responder works on while the connection is suspended, then perhaps a stream.
final class PendingAnswer: Sendable {
    private struct State {
        var response: Response?
        var stream: ResponseStream?
        var task: Task<Void, Never>?
        var watch: PeerWatch.Token?
        var isBodyWanted = false
        var isGone = false
        /// Whatever comes from now on is the answer of a task that was cancelled.
        var isAbandoned = false
        var isOver = false
    }

    let suspension: Suspension
    let body: BodyStream
    private let traffic: Traffic
    private let peers: PeerWatch
    private let state = Mutex(State())

    init(suspension: Suspension, body: BodyStream, traffic: Traffic, peers: PeerWatch) {
        self.suspension = suspension
        self.body = body
        self.traffic = traffic
        self.peers = peers
    }

    /// Asks the responder. A client that goes away for good cancels the task.
    func start(_ responder: any Responder, _ request: Request, descriptor: Int32) {
        traffic.register(self)
        let token = peers.watch(descriptor, halfClose: false) { [weak self] in self?.clientGone() }
        let task = Task.immediate(executorPreference: InlineExecutor.shared) {
            self.fulfil(await responder.respond(to: request))
        }
        let isGone = state.withLock { state in
            state.watch = token
            state.task = task
            return state.isGone
        }
        if isGone { task.cancel() }
    }

    /// A response that is there already, but whose stream the connection may have to wait for.
    func adopt(_ response: Response, descriptor: Int32) {
        traffic.register(self)
        let token = peers.watch(descriptor, halfClose: false) { [weak self] in self?.clientGone() }
        state.withLock { $0.watch = token }
        fulfil(response)
    }

    /// Wakes the connection when the body is wanted first.
    func notifyWhenWanted() {
        body.whenWanted { [weak self] in
            guard let self else { return }
            state.withLock { $0.isBodyWanted = true }
            suspension.wake()
        }
    }

    var isBodyWanted: Bool { state.withLock(\.isBodyWanted) }

    /// The response, once, if it is there.
    func takeResponse() -> Response? {
        state.withLock { state in
            defer { state.response = nil }
            return state.response
        }
    }

    var isGone: Bool { state.withLock(\.isGone) }

    /// The response that MHD is about to send is a stream: from now on a half close ends it.
    func beginStream() {
        let token = state.withLock(\.watch)
        if let token { peers.widen(token) }
    }

    /// The server stops: no more than what has been written.
    func endStream() {
        state.withLock(\.stream)?.shutDown()
    }

    /// The server stops now.
    func abandon() {
        let task = state.withLock { state in
            state.isAbandoned = true
            return state.task
        }
        task?.cancel()
        body.finish(failure: .incomplete)
        endStream()
        suspension.wake()
    }

    /// The request is over, on MHD's thread, its descriptor still open.
    func end() {
        let (task, token, unsent) = state.withLock { state in
            state.isOver = true
            defer {
                state.task = nil
                state.watch = nil
                state.response = nil
                state.stream = nil
            }
            return (state.task, state.watch, state.response)
        }
        suspension.close()
        if let token { peers.unwatch(token) }
        traffic.unregister(self)
        body.finish(failure: .incomplete)
        task?.cancel()
        unsent?.discardStream()
    }

    private func fulfil(_ response: Response) {
        let isUnwanted = state.withLock { state in
            if state.isOver || state.isAbandoned { return true }
            state.response = response
            state.task = nil
            if case .stream(let stream) = response.body { state.stream = stream }
            return false
        }
        if isUnwanted {
            response.discardStream()
            return
        }
        // After the stream is visible to endStream: one of both sides sees it.
        if traffic.isDraining { endStream() }
        suspension.wake()
    }

    private func clientGone() {
        let (task, stream) = state.withLock { state in
            state.isGone = true
            return (state.task, state.stream)
        }
        body.finish(failure: .incomplete)
        task?.cancel()
        stream?.markGone()
        suspension.wake()
    }
}

extension Response {
    /// Tells the writer of a stream that nobody will read it.
    func discardStream() {
        if case .stream(let stream) = body { stream.markGone() }
    }
}
