import Logging
import NetworkModel
import Persistence
import Runtime

/// What happens when a container's namespace goes without us, and who is started again.
extension Engine {
    /// The namespace behind a sandbox has gone: the container has exited with 137, as if killed.
    /// `attempt` counts how often store or kernel have refused to clean up after it.
    func sandboxVanished(_ id: ObjectID, _ sandbox: ObjectID, attempt: Int = 0) async {
        await acquire(id, .exclusive)
        defer { release(id) }
        guard let entry = current.containers[id], entry.container.sandbox?.id == sandbox else { return }
        logger.warning(
            "the namespace of a container has vanished",
            metadata: ["container": "\(entry.container.name)", "path": "\(entry.container.sandbox?.path ?? "")"])
        do {
            try await end(entry, exitCode: 137, byUser: false)
            try await scheduleRestart(id)
            try await autoRemove(id)
        } catch {
            logger.error(
                "a vanished container can't be cleaned up after",
                metadata: ["container": "\(entry.container.name)", "error": "\(error)"])
            let delay = Duration.seconds(min(1 << min(attempt, 6), 60))
            Task { [weak self] in
                try? await Task.sleep(for: delay)
                await self?.sandboxVanished(id, sandbox, attempt: attempt + 1)
            }
        }
    }

    /// Restarts by policy after a delay that doubles from 100 ms to a minute (Docker, "Restart policy details").
    private func scheduleRestart(_ id: ObjectID) async throws(EngineError) {
        guard var container = current.containers[id]?.container, container.restartsAfterExit else { return }
        container.state.status = .restarting
        try await commit([.putContainer(container)], for: "container \(container.name)")
        put(container)
        publish()
        let delay = Duration.milliseconds(100 << min(container.state.restartCount, 10))
        restarts[id] = Task { [weak self] in
            do {
                try await Task.sleep(for: min(delay, .seconds(60)))
            } catch {
                return
            }
            await self?.restartNow(id)
        }
    }

    private func restartNow(_ id: ObjectID) async {
        await acquire(id, .exclusive)
        defer { release(id) }
        guard !Task.isCancelled, var container = current.containers[id]?.container,
            container.state.status == .restarting
        else { return }
        restarts[id] = nil
        container.state.status = .exited
        container.state.restartCount += 1
        put(container)
        do {
            try await start(container)
        } catch {
            // Docker does not loop over a namespace that can't be set up.
            logger.error(
                "restart failed", metadata: ["container": "\(container.name)", "error": "\(error)"])
        }
    }
}

extension Container {
    /// Whether its policy starts it again after it ended without the user.
    var restartsAfterExit: Bool {
        if isOfProcess { return false }
        return switch host.restartPolicy.name {
        case .no: false
        case .always: true
        case .unlessStopped: !state.stoppedByUser
        case .onFailure:
            state.exitCode != 0
                && (host.restartPolicy.maximumRetryCount == 0
                    || state.restartCount < host.restartPolicy.maximumRetryCount)
        }
    }

    /// Whether it is in a namespace named by a process. Once that has ended, its number may be any other process's, so no
    /// policy starts it again; a user may.
    private var isOfProcess: Bool {
        guard let adoption, !host.networkMode.isShared else { return false }
        return (try? Adoption.parse(adoption))?.process != nil
    }

    /// Whether it is started when the daemon finds that its namespace hasn't survived (a reboot).
    var startsWithDaemon: Bool {
        if isOfProcess { return false }
        return switch host.restartPolicy.name {
        case .no: false
        case .always: state.status != .created
        case .unlessStopped: state.status != .created && !state.stoppedByUser
        case .onFailure: state.isRunning
        }
    }
}
