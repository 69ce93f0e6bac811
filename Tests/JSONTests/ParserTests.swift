import JSON
import Testing
import TestKit

@Suite struct ParserTests {
    @Test func readsEveryKindInOrder() throws {
        let text =
            #" { "b" : [ 1 , -2.5e+3 , 0 ] ,"a":{},"c":[],"t":true,"f":false,"n":null,"a":"x\u0041" }"# + "\n\t\r "
        let expected: JSONValue = [
            "b": [1, .number("-2.5e+3"), 0], "a": [:], "c": [], "t": true, "f": false, "n": nil, "a": "xA",
        ]
        #expect(try JSON.parse(text) == expected)
        #expect(expected["a"] == "xA")
        #expect(expected["z"] == nil)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u00e9\uD83D\uDE00""#, "é😀"),
        (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\u0000""#, "\0"),
        ("\"\u{7F}é\"", "\u{7F}é"),
    ])
    func unescapes(text: String, expected: String) throws { #expect(try JSON.parse(text) == .string(expected)) }

    @Test(arguments: [
        ([0xFF], 1), ([0xE2, 0x82], 2), ([0xC0, 0xAF], 2), ([0xED, 0xA0, 0x80], 3), ([0xF0, 0x9F, 0x98], 3),
        ([0xF4, 0x90, 0x80, 0x80], 4), ([0x80], 1),
    ])
    func everyBadByteBecomesAReplacement(bytes: [UInt8], count: Int) throws {
        let replaced = String(repeating: "\u{FFFD}", count: count)
        let quote = UInt8(ascii: "\"")
        let a = UInt8(ascii: "a")
        #expect(try JSON.parse([quote, a] + bytes + [a, quote]) == .string("a\(replaced)a"))
        #expect(try JSON.parse([quote] + Array("\\n".utf8) + bytes + [quote]) == .string("\n\(replaced)"))
    }

    @Test func takesAMillionValuesAndNoMore() throws {
        let most = "[" + String(repeating: "0,", count: JSON.maximumValues - 2) + "0]"
        #expect(try JSON.parse(most) != nil)
        #expect(throws: JSONError("exceeded max number of values")) { try JSON.parse("[0," + most.dropFirst()) }
    }

    @Test(arguments: [
        ("{\n  \"icc\": tru\n}", 2, 13), ("{\n\n}x", 3, 2), ("", 1, 1), ("[1,\n 2,,]", 2, 4), ("{\"a\":1 \"b\"}", 1, 8),
        ("\n{a}", 2, 2), ("[\"\\x\"]", 1, 4), ("{\"a\" 1}", 1, 6), ("{\n\"a\": [", 2, 7), ("[\"\t\"]", 1, 3),
        ("[\"\\n\u{1}", 1, 5),
    ])
    func tellsWhereARefusalIs(text: String, line: Int, column: Int) throws {
        let place = try #require(JSON.refusalPlace(in: Array(text.utf8)))
        #expect(place == (line, column))
        #expect(JSON.refusalPlace(in: Array("[1,\n2]\n".utf8)) == nil)
    }

    static let syntaxErrors: [(String, String)] = [
        ("{invalid", "invalid character 'i' looking for beginning of object key string"),
        (#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
        (#"{"a" 1}"#, "invalid character '1' after object key"),
        (#"{"a":1 "b""#, #"invalid character '"' after object key:value pair"#),
        (#"{"a":1]"#, "invalid character ']' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1}", "invalid character '}' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("[,", "invalid character ',' looking for beginning of value"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("'", #"invalid character '\'' looking for beginning of value"#),
        (#"\"#, #"invalid character '\\' looking for beginning of value"#),
        ("\0", #"invalid character '\x00' looking for beginning of value"#),
        ("\u{7F}", #"invalid character '\x7f' looking for beginning of value"#),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("\u{10000}", "invalid character 'ð' looking for beginning of value"),
        ("txue", "invalid character 'x' in literal true (expecting 'r')"),
        ("trux", "invalid character 'x' in literal true (expecting 'e')"),
        ("fa1se", "invalid character '1' in literal false (expecting 'l')"),
        ("nulL", "invalid character 'L' in literal null (expecting 'l')"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("1e+x", "invalid character 'x' in exponent of numeric literal"),
        ("[01]", "invalid character '1' after array element"),
        ("\"a\nb\"", #"invalid character '\n' in string literal"#),
        ("\"\\t\u{1}\"", #"invalid character '\x01' in string literal"#),
        (#""\x""#, "invalid character 'x' in string escape code"),
        (#""\u12G4""#, #"invalid character 'G' in \u hexadecimal character escape"#),
        (#""\ud83d\u12""#, #"invalid character '"' in \u hexadecimal character escape"#),
    ]

    @Test(arguments: syntaxErrors) func refusesLikeGo(text: String, message: String) {
        #expect(throws: JSONError(message)) { try JSON.parse(text) }
        #expect(throws: JSONError(message)) { try JSON.parseFirst(Array(text.utf8)) }
    }

    @Test(arguments: ["{", #"{"a"#, #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,"#, "[", "[1", "[1,", "\"", #""\n"#])
    func endsTooSoon(text: String) {
        #expect(throws: JSONError("unexpected end of JSON input")) { try JSON.parse(text) }
        #expect(throws: JSONError("unexpected EOF")) { try JSON.parseFirst(Array(text.utf8)) }
    }

    /// Where no space may stand, `Unmarshal` complains about one that it imagines at the end.
    @Test(arguments: [
        ("tr", "invalid character ' ' in literal true (expecting 'u')"),
        ("-", "invalid character ' ' in numeric literal"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("1e", "invalid character ' ' in exponent of numeric literal"),
        (#""\"#, "invalid character ' ' in string escape code"),
        (#""\u1"#, #"invalid character ' ' in \u hexadecimal character escape"#),
    ])
    func endsInsideALiteral(text: String, message: String) {
        #expect(throws: JSONError(message)) { try JSON.parse(text) }
        #expect(throws: JSONError.unexpectedEndOfFile) { try JSON.parseFirst(Array(text.utf8)) }
    }

    @Test(arguments: ["", " ", "\r\n\t"]) func nothingAtAll(text: String) {
        #expect(throws: JSONError.endOfFile) { try JSON.parseFirst(Array(text.utf8)) }
        #expect(throws: JSONError("unexpected end of JSON input")) { try JSON.parse(text) }
    }

    @Test(arguments: [
        ("{}", 2, false), (" {} \n", 3, false), ("{}x", 2, true), ("{} {}", 2, true), ("{}}", 2, false),
        ("{} ]x", 2, false),
        ("1x", 1, true), ("nullnull", 4, true), (#""a"1"#, 3, true), ("12", 2, false),
    ])
    func firstValueAndTheRest(text: String, end: Int, hasMore: Bool) throws {
        let bytes = Array(text.utf8)
        let first = try JSON.parseFirst(bytes)
        #expect(first.end == end)
        #expect(JSON.hasMore(bytes, from: first.end) == hasMore)
    }

    @Test func onlyOneValueInAWholeText() {
        #expect(throws: JSONError("invalid character '{' after top-level value")) { try JSON.parse("{} {}") }
        #expect(throws: JSONError("invalid character '1' after top-level value")) { try JSON.parse("01") }
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")]) func depthIsBounded(opening: String, closing: String) throws {
        func nested(_ depth: Int) -> [UInt8] {
            let inner = opening == "[" ? "" : "1"
            return Array(
                (String(repeating: opening, count: depth) + inner + String(repeating: closing, count: depth)).utf8)
        }
        let (value, end) = try JSON.parseFirst(nested(JSON.maximumDepth))
        #expect(end == nested(JSON.maximumDepth).count)
        // What is nested too deep to be of use is checked, but not kept.
        #expect(value.bytes.count <= JSON.retainedDepth * (opening.utf8.count + closing.utf8.count) + 2)
        #expect(throws: JSONError("invalid character '\(opening.prefix(1))' exceeded max depth")) {
            try JSON.parseFirst(nested(JSON.maximumDepth + 1))
        }
        // A fault below the retained depth is found all the same.
        let fault = Array(String(repeating: opening, count: 500).utf8) + [UInt8(ascii: "?")]
        #expect(throws: JSONError("invalid character '?' looking for beginning of value")) {
            try JSON.parseFirst(fault)
        }
        #expect(try JSON.parseFirst(nested(JSON.retainedDepth)).value.bytes == nested(JSON.retainedDepth))
    }

    /// Damaged documents end in a value or a refusal, never in a trap.
    @Test func survivesDamage() throws {
        var generator = Seeded(7)
        let source = Array(
            #"{"Name":"a\u00e9\n","IPAM":{"Config":[{"Subnet":"10.0.0.0/8"}]},"N":[-1.5e3,true,null]}"#.utf8)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = source
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<3, using: &generator))
            do {
                let value = try JSON.parse(bytes)
                #expect(try JSON.parse(value.bytes) == value)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10_000 && refused < 20_000)
    }
}
