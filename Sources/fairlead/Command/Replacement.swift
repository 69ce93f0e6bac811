import Glibc

/// The command that takes this process's place.
enum Replacement {
    /// Does not return if the command could be started.
    ///
    /// - Returns: why not, and the status to end with: 127 when there is no such command, else 126, as shells do (POSIX,
    ///   XCU 2.8.2).
    static func run(_ words: [String]) -> (message: String, status: Int32) {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        // A runtime that ignores SIGPIPE must not pass that on.
        signal(SIGPIPE, SIG_DFL)
        execvp(words[0], arguments)
        let reason = errno
        for argument in arguments { free(argument) }
        let text = String(cString: strerror(reason))
        return ("fairlead: \(words[0]): \(text)", reason == ENOENT ? 127 : 126)
    }
}
