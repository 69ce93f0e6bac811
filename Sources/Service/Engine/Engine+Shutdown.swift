import NetworkModel

extension Engine {
    /// Ends all running containers, as dockerd does when it stops without `--live-restore`. Not by the user: restart
    /// policies hold at the next start. Who can't be ended is logged and stays.
    public func endContainers() async {
        for id in current.containers.values.filter(\.container.state.isRunning).map(\.container.id) {
            do throws(EngineError) {
                try await withContainer(id) { () async throws(EngineError) in
                    guard let entry = current.containers[id], entry.container.sandbox != nil else { return }
                    tell(entry.container, "kill", ["signal": "15"])
                    try await end(entry, exitCode: 0, byUser: false)
                    tell(entry.container, "stop")
                    try await autoRemove(id)
                }
            } catch {
                logger.error("a container outlives the daemon", metadata: ["container": "\(id)", "error": "\(error)"])
            }
        }
    }
}
