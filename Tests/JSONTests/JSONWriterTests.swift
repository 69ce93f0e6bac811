import JSON
import Testing
import TestKit

@Suite struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func writesMembersInOrder() {
        let none: String? = nil
        let labels: [String: String]? = nil
        let written = text {
            $0.object {
                $0.field("Name", "n")
                $0.field("Id", none)
                $0.field("EnableIPv6", false)
                $0.field("Count", -42)
                $0.field("Big", UInt64.max)
                $0.field("Aliases", ["a", "b"])
                $0.field("Labels", labels)
                $0.null("GwPriority")
                $0.object("IPAM") {
                    $0.field("Driver", "default")
                    $0.array("Config", 1...2) { writer, number in writer.object { $0.field("N", number) } }
                    $0.field("Raw", JSONValue.object(["z": 1, "a": [nil, true]]))
                }
                $0.object("Empty") { _ in }
                $0.array("None") { _ in }
                $0.map("Containers", ["b": 2, "a": 1]) { $0.value($1) }
            }
            $0.endLine()
            $0.value("next")
        }
        let first =
            #"{"Name":"n","Id":null,"EnableIPv6":false,"Count":-42,"Big":18446744073709551615,"Aliases":["a","b"],"#
        let second = #""Labels":null,"GwPriority":null,"IPAM":{"Driver":"default","Config":[{"N":1},{"N":2}],"#
        let third = #""Raw":{"z":1,"a":[null,true]}},"Empty":{},"None":[],"Containers":{"a":1,"b":2}}"#
        #expect(written == first + second + third + "\n\"next\"")
    }

    @Test(arguments: [
        ("<a&b>", "<a&b>"), (#"q"b\"#, #"q\"b\\"#), ("\u{8}\u{C}\n\r\t", #"\b\f\n\r\t"#),
        ("\0\u{1F}\u{7F}", "\\u0000\\u001f\u{7F}"),
        ("\u{2028}\u{2029}\u{2027}\u{202A}€", "\\u2028\\u2029\u{2027}\u{202A}€"), ("é😀", "é😀"), ("", ""),
        ("ends in {", "ends in {"), (":", ":"),
    ])
    func escapesLikeGo(value: String, escaped: String) {
        #expect(text { $0.value(value) } == "\"\(escaped)\"")
        #expect(
            text {
                $0.array {
                    $0.value(value); $0.value(value)
                }
            } == "[\"\(escaped)\",\"\(escaped)\"]")
        #expect(text { $0.value([value: "v"]) } == "{\"\(escaped)\":\"v\"}")
    }

    @Test func mapKeysAreSortedByBytes() {
        // By bytes Z sorts before a, and a precomposed é (C3 A9) after a decomposed one (65 CC 81).
        let map = ["a": "1", "Z": "2", "\u{E9}": "3", "e\u{301}x": "4", "": "5"]
        let written = text { $0.value(map) }
        #expect(written == "{\"\":\"5\",\"Z\":\"2\",\"a\":\"1\",\"e\u{301}x\":\"4\",\"\u{E9}\":\"3\"}")
    }

    @Test func rawJSONIsTakenAsItIs() {
        let written = text {
            $0.array {
                $0.raw("{}".utf8); $0.raw("1".utf8)
            }
        }
        #expect(written == "[{},1]")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var generator = Seeded(11)
        for _ in 0..<2_000 {
            let value = Self.random(depth: 4, &generator)
            #expect(try JSON.parse(value.bytes) == value)
        }
    }

    private static func random(depth: Int, _ generator: inout Seeded) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2: .number(String(Int64(bitPattern: generator.next())))
        case 3: .number(String(Double.random(in: -1e9...1e9, using: &generator)))
        case 4: .string(randomText(&generator))
        case 5: .array((0..<Int.random(in: 0..<5, using: &generator)).map { _ in random(depth: depth - 1, &generator) })
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                        JSONObject.Member(randomText(&generator), random(depth: depth - 1, &generator))
                    }))
        }
    }

    private static func randomText(_ generator: inout Seeded) -> String {
        let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x20...0x7E, 0x80...0x7FF, 0x2020...0x2030, 0x10000...0x10FFFF]
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<8, using: &generator) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
            scalars.append(Unicode.Scalar(UInt32.random(in: range, using: &generator)) ?? "?")
        }
        return String(scalars)
    }
}
