import CShims
import Glibc
import Synchronization

/// The thread behind `NamespaceWatch`.
final class WatchLoop: Sendable {
    private struct State: Sendable {
        var watched: [String: Watched] = [:]
        var ids: [UInt64: String] = [:]
        /// 0 and 1 are the wake-up and the mount table.
        var lastNumber: UInt64 = 1
        /// Watches that have not been compared yet.
        var fresh: [String] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private let epoll: Int32
    private let wakeUp: Int32
    private let mounts: Int32
    /// In milliseconds.
    private static let patience: Int32 = 10_000

    init() throws(SystemCallError) {
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemCallError("epoll_create", "", errno: errno) }
        let wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else {
            let code = errno
            close(epoll)
            throw SystemCallError("eventfd", "", errno: code)
        }
        self.epoll = epoll
        self.wakeUp = wakeUp
        // The mount table of the namespace this process is in; without it the regular look remains.
        mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        _ = listen(to: wakeUp, EPOLLIN.rawValue, as: 0)
        if mounts >= 0 { _ = listen(to: mounts, EPOLLPRI.rawValue, as: 1) }
    }

    deinit {
        for watched in state.withLock({ Array($0.watched.values) }) {
            if let process = watched.process { close(process) }
        }
        if mounts >= 0 { close(mounts) }
        close(wakeUp)
        close(epoll)
    }

    func add(_ watched: Watched) throws(SystemCallError) {
        remove(watched.id)
        let (number, process) = state.withLock { state in
            state.lastNumber += 1
            var watched = watched
            watched.number = state.lastNumber
            state.ids[watched.number] = watched.id
            state.watched[watched.id] = watched
            state.fresh.append(watched.id)
            return (watched.number, watched.process)
        }
        if let process, let code = listen(to: process, EPOLLIN.rawValue, as: number) {
            remove(watched.id)
            throw SystemCallError("epoll_ctl", "\(watched.witness)", errno: code)
        }
        wake()
    }

    func remove(_ id: String) { _ = take(id, number: nil) }

    func stop() {
        state.withLock { $0.isOver = true }
        wake()
    }

    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var nextLook = now() + Int64(Self.patience)
        while true {
            let count = epoll_wait(epoll, &events, Int32(events.count), Int32(max(0, nextLook - now())))
            if state.withLock({ $0.isOver }) { return }
            var mountsChanged = false
            for event in events.prefix(max(0, Int(count))) {
                switch event.data.u64 {
                case 0: drainWakeUp()
                case 1: mountsChanged = true
                case let number: if let id = state.withLock({ $0.ids[number] }) { tell(id, number: number) }
                }
            }
            compare(
                state.withLock { state in
                    defer { state.fresh = [] }
                    return state.fresh.compactMap { state.watched[$0] }
                })
            guard mountsChanged || now() >= nextLook else { continue }
            let begin = now()
            let isRegular = begin >= nextLook
            compare(state.withLock { $0.watched.values.filter { isRegular || !$0.witness.isUnmounted } })
            let end = now()
            if isRegular { nextLook = end + Int64(Self.patience) }
            // A busy mount table (every pin of ours is a change) may cost a tenth of this thread's time, no more.
            if mountsChanged { poll(nil, 0, Int32(min(1000, 9 * (end - begin)))) }
        }
    }

    private func compare(_ all: [Watched]) {
        for watched in all {
            let place = Place(watched.witness.path)
            if let place, place.isUnambiguous, place == watched.place { continue }
            // A namespace that can't be looked at for lack of descriptors or memory is not gone: the next look tells.
            switch Self.outcome(of: watched) {
            case .same:
                state.withLock { state in
                    if state.watched[watched.id]?.number == watched.number { state.watched[watched.id]?.place = place }
                }
            case .gone: tell(watched.id, number: watched.number)
            case .unknown: continue
            }
        }
    }

    private enum Outcome {
        case same
        case gone
        case unknown
    }

    private static func outcome(of watched: Watched) -> Outcome {
        do {
            return try NamespaceHandle(watched.witness.namespace).identity() == watched.identity ? .same : .gone
        } catch let error as NamespaceError {
            return [EMFILE, ENFILE, ENOMEM, EPERM, EINTR].contains(error.errno) ? .unknown : .gone
        } catch {
            return .unknown
        }
    }

    private func tell(_ id: String, number: UInt64) {
        guard let watched = take(id, number: number) else { return }
        watched.onGone(id)
    }

    /// Takes a watch out, if it is still the one with that number, and stops listening to its process.
    private func take(_ id: String, number: UInt64?) -> Watched? {
        state.withLock { state in
            guard let watched = state.watched[id], number == nil || watched.number == number else { return nil }
            state.watched[id] = nil
            state.ids[watched.number] = nil
            if let process = watched.process { close(process) }
            return watched
        }
    }

    /// Nil, or the errno.
    private func listen(to descriptor: Int32, _ events: UInt32, as number: UInt64) -> Int32? {
        var event = epoll_event(events: events, data: epoll_data_t(u64: number))
        return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? nil : errno
    }

    private func wake() { _ = eventfd_write(wakeUp, 1) }

    private func drainWakeUp() {
        var count: eventfd_t = 0
        eventfd_read(wakeUp, &count)
    }

    /// Monotonic, in milliseconds.
    private func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
