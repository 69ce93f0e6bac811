public import JSON

/// What `GET /fairlead/v1/containers/{name}/namespace` answers: how to enter a running container.
public struct NamespaceReport: Sendable, Hashable {
    /// Where the namespace is, as the daemon sees the file system.
    public let path: String
    /// The process that holds an adopted namespace, or 0.
    public let pid: Int32
    /// The daemon, in its own process namespace.
    public let daemonPid: Int32
    /// When the daemon started, in clock ticks since boot (proc_pid_stat(5), field 22): the same in every process
    /// namespace, so that it tells whether `daemonPid` means the daemon to whoever asks.
    public let daemonStart: UInt64
    /// Whether the container shares the daemon's own namespace.
    public let hostMode: Bool

    public init(path: String, pid: Int32, daemonPid: Int32, daemonStart: UInt64, hostMode: Bool) {
        self.path = path
        self.pid = pid
        self.daemonPid = daemonPid
        self.daemonStart = daemonStart
        self.hostMode = hostMode
    }

    /// Reads an answer.
    ///
    /// - Throws: what is wrong with it.
    public init(_ bytes: [UInt8]) throws(JSONError) {
        let context = DecodeContext()
        let reader = StructReader(try JSON.parse(bytes), goType: "NamespaceReport", context: context)
        path = reader.string("path") ?? ""
        pid = reader.integer("pid", goType: "int32") ?? 0
        daemonPid = reader.integer("daemonPid", goType: "int32") ?? 0
        daemonStart = reader.integer("daemonStart", goType: "uint64") ?? 0
        hostMode = reader.bool("hostMode") ?? false
        try context.finish()
    }

    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("path")
            writer.value(path)
            writer.key("pid")
            writer.value(pid)
            writer.key("daemonPid")
            writer.value(daemonPid)
            writer.key("daemonStart")
            writer.value(daemonStart)
            writer.key("hostMode")
            writer.value(hostMode)
        }
        writer.endLine()
        return writer.bytes
    }
}
