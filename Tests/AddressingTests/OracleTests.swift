import Addressing
import Glibc
import Testing
import TestKit

/// The C library's parser and printer as a second opinion.
@Suite struct OracleTests {
    private func bytesFromC(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    @Test func acceptsTheSameTextsAsC() {
        var generator = Seeded(4)
        let pieces = [
            "0", "1", "9", "25", "255", "256", "f", "ffff", "10000", ":", ":", ":", "::", ".", ".", ".", "%", "x", "é",
        ]
        let seeds: [[String]] = [
            ["1", ".", "2", ".", "3", ".", "4"], ["1", "::", "2"], ["::", "1"], ["1", "::"],
            ["1", ":", "2", ":", "3", ":", "4", ":", "5", ":", "6", ":", "7", ":", "8"],
            ["::", "ffff", ":", "1", ".", "2", ".", "3", ".", "4"],
            ["1", ":", "2", "::", "1", ".", "2", ".", "3", ".", "4"],
        ]
        var accepted = 0
        for round in 0..<40_000 {
            var parts = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<parts.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: parts[index] = pieces.randomElement(using: &generator) ?? ""
                case 1: parts.insert(pieces.randomElement(using: &generator) ?? "", at: index)
                default: if parts.count > 1 { parts.remove(at: index) }
                }
            }
            let text = parts.joined()
            let expected = bytesFromC(text)
            #expect(IPAddress(text)?.bytes == expected, "\(text)")
            if expected != nil { accepted += 1 }
        }
        #expect(accepted > 5_000)
    }

    @Test func printsLikeC() {
        var generator = Seeded(5)
        for _ in 0..<5_000 {
            let groups = (0..<8).map { _ in
                Bool.random(using: &generator) ? 0 : UInt128(UInt16.random(in: 0 ... .max, using: &generator))
            }
            let address = IPAddress(family: .ipv6, value: groups.reduce(0) { $0 << 16 | $1 })
            // C prints the deprecated ::a.b.c.d dotted, Go doesn't.
            if address.value >> 32 == 0 { continue }
            var text = [CChar](repeating: 0, count: 46)
            let bytes = address.bytes
            inet_ntop(AF_INET6, bytes, &text, 46)
            #expect(address.description == String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
        }
    }
}
