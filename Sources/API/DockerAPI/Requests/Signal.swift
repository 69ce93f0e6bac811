/// Signals as Docker's clients name them: `9`, `KILL`, `SIGKILL`, `sigrtmin+3` (moby/sys `signal`).
enum Signal {
    /// The signal's number on Linux.
    ///
    /// - Throws: 400 in moby's words.
    static func parse(_ text: String) throws(APIError) -> Int {
        if let number = Int(text) {
            if number == 0 { throw .badRequest("invalid signal: \(text)") }
            guard numbers.values.contains(number) else {
                throw .badRequest("the linux daemon does not support signal \(number)")
            }
            return number
        }
        let upper = text.uppercased()
        guard let number = numbers[upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper] else {
            throw .badRequest("invalid signal: \(text)")
        }
        return number
    }

    /// As glibc numbers them: real-time signals begin at 34.
    private static let numbers: [String: Int] = {
        var numbers = [
            "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
            "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17,
            "CLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25,
            "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29, "POLL": 29, "PWR": 30, "SYS": 31, "RTMIN": 34,
            "RTMAX": 64,
        ]
        for offset in 1...15 { numbers["RTMIN+\(offset)"] = 34 + offset }
        for offset in 1...14 { numbers["RTMAX-\(offset)"] = 64 - offset }
        return numbers
    }()
}
