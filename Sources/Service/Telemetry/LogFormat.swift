/// How an event becomes a line; named as dockerd's `--log-format`.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// `time="…" level=info msg="…" key=value`.
    case text
    /// One JSON object a line, with `time`, `level` and `msg` among its members.
    case json
}
