internal import CMicroHTTPD

/// The options of one MHD daemon.
struct DaemonOptions {
    private(set) var items: [MHD_OptionItem] = []
    /// Copies for MHD, which keeps the pointers; to be freed after the daemon.
    private(set) var texts: [UnsafeMutablePointer<CChar>] = []
    private(set) var flags: UInt32
    /// The daemon, unretained: it outlives MHD's.
    let context: UnsafeMutableRawPointer

    init(_ daemon: ListenerDaemon, descriptor: Int32, limits: Limits) {
        context = Unmanaged.passUnretained(daemon).toOpaque()
        flags =
            MHD_USE_EPOLL.rawValue | MHD_USE_INTERNAL_POLLING_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
            | MHD_USE_ERROR_LOG.rawValue
        items = [
            item(.LISTEN_SOCKET, Int(descriptor)),
            item(.THREAD_POOL_SIZE, limits.threads),
            item(.CONNECTION_LIMIT, limits.connections),
            item(.CONNECTION_TIMEOUT, Int(limits.idleSeconds)),
            item(.CONNECTION_MEMORY_LIMIT, limits.connectionMemory),
            item(.STRICT_FOR_CLIENT, 1),
            item(.URI_LOG_CALLBACK, address(MHDCallbacks.requestLine), context),
            item(.NOTIFY_COMPLETED, address(MHDCallbacks.completed), context),
            item(.NOTIFY_CONNECTION, address(MHDCallbacks.connection), context),
            item(.END, 0),
        ]
    }

    /// TLS 1.2 and later, as dockerd.
    mutating func add(_ tls: TLSIdentity) {
        flags |= MHD_USE_TLS.rawValue
        items.removeLast()
        addText(.HTTPS_MEM_CERT, tls.certificate)
        addText(.HTTPS_MEM_KEY, tls.key)
        if let authority = tls.clientCA { addText(.HTTPS_MEM_TRUST, authority) }
        addText(.HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2")
        items.append(item(.END, 0))
    }

    func freeTexts() {
        for text in texts { text.deallocate() }
    }

    private mutating func addText(_ option: MHD_OPTION, _ text: String) {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { copy.initialize(from: base, count: $0.count) } }
        texts.append(copy)
        items.append(item(option, 0, UnsafeMutableRawPointer(copy)))
    }

    private func item(_ option: MHD_OPTION, _ value: Int, _ pointer: UnsafeMutableRawPointer? = nil) -> MHD_OptionItem {
        MHD_OptionItem(option: option, value: value, ptr_value: pointer)
    }

    private func address<Function>(_ function: Function) -> Int {
        unsafeBitCast(function, to: Int.self)
    }
}
