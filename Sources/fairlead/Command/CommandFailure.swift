import ArgumentParser
import Client
import FairleadAPI
import Glibc

/// A command that ends with a message and a status, without the argument parser's decoration.
enum CommandFailure {
    /// Says why on standard error.
    ///
    /// - Returns: the error to throw.
    static func report(_ message: String, status: Int32 = 1) -> ExitCode {
        Terminal.writeError(message + "\n")
        return ExitCode(status)
    }
}

extension Client {
    /// The body of the answer to a GET.
    ///
    /// - Throws: `ExitCode` after having said why there is none, in the docker CLI's words.
    func get(_ path: String) throws -> ClientResponse {
        let response: ClientResponse
        do {
            response = try request("GET", path)
        } catch {
            throw CommandFailure.report(error.message)
        }
        guard response.status == 200 else {
            let message = (try? ErrorReport(response.body).message) ?? "status \(response.status)"
            throw CommandFailure.report("Error response from daemon: \(message)")
        }
        return response
    }
}

/// The two streams a command writes to.
enum Terminal {
    static func write(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }
    static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }
    static func writeError(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    /// As much as the other end takes: a closed pipe is its reader's wish.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}
