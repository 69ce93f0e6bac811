import JSON
import Logging
import Synchronization
import Testing

@testable import Telemetry

/// What was written, line by line.
private final class Lines: Sendable {
    private let writes = Mutex<[String]>([])

    var all: [String] { writes.withLock { $0 } }
    var sink: @Sendable ([UInt8]) -> Void {
        { bytes in self.writes.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    }
}

struct LogTests {
    @Test func textLinesAreDockers() throws {
        let lines = Lines()
        let logger = LogOutput(write: lines.sink).logger("test")
        logger.warning("two\n\"words\"", metadata: ["network": "front", "error": "a b", "empty": "", "time": "x"])
        let line = try #require(lines.all.first)
        let rest = try #require(line.firstRange(of: " level="))
        #expect(line.hasPrefix(#"time="20"#))
        #expect(
            line[rest.lowerBound...]
                == " level=warning msg=\"two\\n\\\"words\\\"\" empty=\"\" error=\"a b\" network=front fields.time=x\n")
        #expect(lines.all.count == 1)
    }

    @Test func jsonLinesAreObjects() throws {
        let lines = Lines()
        let logger = LogOutput(format: .json, write: lines.sink).logger("test")
        logger.error("no", metadata: ["ids": ["a", "b"], "more": ["k": "v"], "number": .stringConvertible(7)])
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}\n"))
        let object = try JSON.parse(line)
        #expect(object["level"] == "error" && object["msg"] == "no")
        #expect(object["ids"] == ["a", "b"] && object["more"] == ["k": "v"] && object["number"] == "7")
        guard case .string(let time)? = object["time"] else { throw TestFailure("no time in \(line)") }
        #expect(time.hasPrefix("20") && time.contains("T"))
    }

    @Test func levelAndFormatChangeForLoggersThatAreOut() {
        let lines = Lines()
        let output = LogOutput(level: .info, write: lines.sink)
        let logger = output.logger("test")
        logger.debug("one")
        output.configure(level: .debug, format: .json)
        logger.debug("two")
        output.configure(level: .error, format: .text)
        logger.warning("three")
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains(#""msg":"two""#) == true)
    }

    @Test func aLoggersOwnLevelAndMetadata() {
        let lines = Lines()
        var logger = LogOutput(level: .debug, write: lines.sink).logger("test")
        logger.logLevel = .warning
        logger[metadataKey: "container"] = "app"
        logger.info("quiet")
        logger.warning("loud", metadata: ["container": "web"])
        logger.warning("loud")
        #expect(lines.all.map { $0.contains("container=web") } == [true, false])
        #expect(lines.all.last?.hasSuffix(" level=warning msg=\"loud\" container=app\n") == true)
    }

    /// Each line reaches the sink alone, however many threads log.
    @Test func linesDoNotMix() async {
        let inside = Atomic<Int>(0)
        let worst = Atomic<Int>(0)
        let output = LogOutput { _ in
            let now = inside.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
            worst.max(now, ordering: .sequentiallyConsistent)
            for _ in 0..<200 { _ = inside.load(ordering: .sequentiallyConsistent) }
            inside.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { for _ in 0..<100 { output.logger("\(number)").info("x") } }
            }
        }
        #expect(worst.load(ordering: .sequentiallyConsistent) == 1)
    }
}
