import CFuzzer
import Glibc

/// One libFuzzer target: a parser of foreign bytes, and what must hold whatever they are.
struct FuzzTarget: Sendable {
    let name: String
    let run: @Sendable (UnsafeRawBufferPointer) -> Void

    init(_ name: String, _ run: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        self.name = name
        self.run = run
    }

    static let all: [FuzzTarget] = [
        json, requests, filters, times, targets, addresses, netlink, notifications, nftables, conntrack, configuration,
        flags,
    ]
}

/// FUZZ_TARGET says which; the arguments are libFuzzer's own. With FUZZ_REPEAT=n, every input is repeated until it has n
/// bytes, so that a corpus shows whether time grows with more than the length. FUZZ_LIST lists the names.
@main
struct Main {
    static func main() {
        guard let name = getenv("FUZZ_TARGET").map({ String(cString: $0) }),
            let target = FuzzTarget.all.first(where: { $0.name == name })
        else {
            for target in FuzzTarget.all { puts(target.name) }
            exit(getenv("FUZZ_LIST") == nil ? 2 : 0)
        }
        chosen = target
        size = getenv("FUZZ_REPEAT").flatMap { Int(String(cString: $0)) } ?? 0
        var count = CommandLine.argc
        var words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &words) { fuzzer_run(runOnce, $0, $1) })
    }
}

// Both are set before the driver begins, and libFuzzer calls back on one thread.
nonisolated(unsafe) private var chosen: FuzzTarget?
nonisolated(unsafe) private var size = 0

private let runOnce: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32 = { data, count in
    let input = UnsafeRawBufferPointer(start: data, count: count)
    if size > count, count > 0 {
        var long: [UInt8] = []
        while long.count < size { long += input }
        long.withUnsafeBytes { chosen?.run($0) }
    } else {
        chosen?.run(input)
    }
    return 0
}

/// Ends the process, so that libFuzzer keeps the input, unless the claim holds.
func require(_ claim: Bool, _ text: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line) {
    if !claim { fatalError(text(), file: file, line: line) }
}

/// What the body returns, or nil where it refuses: with a reason, in one of the errors that a caller knows how to tell.
func accepted<Value, Failure: Error & CustomStringConvertible>(
    _ body: () throws(Failure) -> Value
) -> Value? {
    do {
        return try body()
    } catch {
        require(!error.description.isEmpty, "a refusal without a reason")
        return nil
    }
}
