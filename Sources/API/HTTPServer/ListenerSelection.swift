extension ListenerAddress {
    /// The listeners one `--host` stands for. `tls` is for TCP only, inherited TCP sockets too; `passed` is what systemd
    /// handed over.
    public func listeners(
        group: SocketGroup, tls: TLSIdentity?, passed: [SocketActivation.Passed]
    ) throws(ListenError) -> [Listener] {
        switch self {
        case .unix(let path): return [Listener(.unix(path: path, group: group))]
        case .tcp(let host, let port): return [Listener(.tcp(host: host, port: port), tls: tls)]
        case .inherited(let selection):
            return try SocketActivation.select(selection, among: passed).map { descriptor in
                if case .unix = SocketAddress(localOf: descriptor) {
                    return Listener(.inherited(descriptor: descriptor))
                }
                return Listener(.inherited(descriptor: descriptor), tls: tls)
            }
        }
    }

    /// Whether a TCP address can be resolved, and may be listened on; nothing is opened.
    public static func checkTCP(host: String, port: UInt16, tls: TLSIdentity?) throws(ListenError) {
        let local = try ResolvedAddress(host: host, port: port).socketAddress
        guard tls?.clientCA == nil, !local.isLoopback, let address = local.listenerAddress else { return }
        throw PlainTCP.refusal(of: address, tls: tls != nil)
    }
}
