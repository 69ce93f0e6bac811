/// Applies under way, and who waits for them to end or for leave to begin.
struct Traffic {
    /// How often anybody has begun to change kernel or cache.
    fileprivate(set) var begun = 0
    fileprivate var underWay = 0
    /// Whether somebody has the kernel for himself, or waits until he has.
    fileprivate var isClosed = false
    fileprivate var waitingToBegin: [CheckedContinuation<Void, Never>] = []
    fileprivate var waitingForQuiet: CheckedContinuation<Void, Never>?

    var isQuiet: Bool { underWay == 0 && !isClosed }
}

// An observation takes a while, and what an apply does meanwhile may or may not be in it.
extension Reconciler {
    /// Begins an apply, once nobody has the kernel for himself.
    func enter() async {
        await untilOpen()
        traffic.begun += 1
        traffic.underWay += 1
    }

    /// Ends an apply.
    func leave() {
        traffic.underWay -= 1
        guard traffic.underWay == 0, let waiting = traffic.waitingForQuiet else { return }
        traffic.waitingForQuiet = nil
        waiting.resume()
    }

    /// Lets no further apply begin, and waits until none is under way. `open` has to follow.
    func close() async {
        await untilOpen()
        traffic.begun += 1
        traffic.isClosed = true
        guard traffic.underWay > 0 else { return }
        await withCheckedContinuation { traffic.waitingForQuiet = $0 }
    }

    func open() {
        traffic.isClosed = false
        let waiting = traffic.waitingToBegin
        traffic.waitingToBegin = []
        for continuation in waiting { continuation.resume() }
    }

    private func untilOpen() async {
        while traffic.isClosed {
            await withCheckedContinuation { traffic.waitingToBegin.append($0) }
        }
    }
}
