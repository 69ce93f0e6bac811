public import Engine
public import NetworkModel

extension Engine: DockerEngine {
    public nonisolated func exit(
        of term: String, condition: WaitCondition
    ) throws(EngineError) -> any ContainerExit {
        try wait(for: term, condition: condition)
    }
}

extension Wait: ContainerExit {}
