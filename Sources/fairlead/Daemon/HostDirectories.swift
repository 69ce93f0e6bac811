import Glibc

/// The folders the daemon keeps things in.
enum HostDirectories {
    /// Makes those that are missing: the data root for root alone (and its group, to pass through), the exec root with
    /// the pins so that everybody may pass through and nobody may look around, and the folders of sockets and pidfile.
    static func make(for configuration: DaemonConfiguration) throws(StartFailure) {
        umask(0o022)
        try make(configuration.dataRoot, mode: 0o710)
        try make(configuration.execRoot, mode: 0o711)
        try make(configuration.engine.namespaceDirectory, mode: 0o711)
        try make(folder(of: configuration.pidFile), mode: 0o755)
        for case .unix(let path) in configuration.hosts where path.hasPrefix("/") {
            try make(folder(of: path), mode: 0o755)
        }
    }

    private static func folder(of path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// Makes a folder and those above it; what exists keeps its mode.
    private static func make(_ path: String, mode: mode_t) throws(StartFailure) {
        if mkdir(path, mode) == 0 { return }
        if errno == ENOENT, folder(of: path) != path {
            try make(folder(of: path), mode: 0o755)
            if mkdir(path, mode) == 0 { return }
        }
        let reason = errno
        var status = stat()
        if reason == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        throw StartFailure("cannot make the directory \(path): \(String(cString: strerror(reason)))")
    }
}
