extension RestartPolicy {
    /// The policy a client names; "" is `no`, whatever the count (moby `ValidateRestartPolicy`).
    ///
    /// - Throws: 400 with Docker's text for an unknown name, or a retry count where none belongs.
    public static func parse(name: String, maximumRetryCount count: Int) throws(EngineError) -> RestartPolicy {
        if name.isEmpty { return RestartPolicy() }
        guard let known = Name(rawValue: name) else {
            throw refusal(
                "unknown policy '\(name)'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
        }
        if known == .onFailure {
            if count < 0 { throw refusal("maximum retry count cannot be negative") }
        } else if count != 0 {
            let more = count < 0 ? " and cannot be negative" : ""
            throw refusal("maximum retry count can only be used with 'on-failure'" + more)
        }
        return RestartPolicy(name: known, maximumRetryCount: count)
    }

    private static func refusal(_ text: String) -> EngineError {
        EngineError(.invalidArgument, "invalid restart policy: " + text)
    }
}

extension HostConfig {
    /// - Throws: 400 when a container shall both be removed and restarted at its end.
    public func validateEnd() throws(EngineError) {
        if autoRemove, restartPolicy.name != .no {
            throw EngineError(.invalidArgument, "can't create 'AutoRemove' container with restart policy")
        }
    }
}
