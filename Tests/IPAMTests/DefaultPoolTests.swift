import Addressing
import NetworkModel
import Testing

@testable import IPAM

@Suite struct DefaultPoolTests {
    @Test func dockersThirtyOneInOrder() throws {
        var ipam = emptyIPAM()
        let given = try (0..<33).map { _ in try ipam.requestPool(family: .ipv4, subnet: nil).description }
        let expected =
            (17...31).map { "172.\($0).0.0/16" } + (0..<16).map { "192.168.\($0 * 16).0/20" }
            + ["10.128.0.0/24", "10.128.1.0/24"]
        #expect(given == expected)
    }

    @Test func tenThousandNetworksFit() throws {
        var ipam = emptyIPAM()
        var given = Set<IPPrefix>()
        for _ in 0..<10_000 { given.insert(try ipam.requestPool(family: .ipv4, subnet: nil)) }
        #expect(given.count == 10_000)
        let sorted = given.sorted()
        for (left, right) in zip(sorted, sorted.dropFirst()) { #expect(left.last < right.first) }
    }

    @Test func operatorsPoolsEnd() throws {
        let pool = try DefaultPool(base: prefix("10.9.0.0/23"), size: 24)
        var ipam = emptyIPAM([pool])
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("10.9.0.0/24"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("10.9.1.0/24"))
        #expect(
            throws: EngineError(.invalidArgument, "all predefined address pools have been fully subnetted")
        ) { try ipam.requestPool(family: .ipv4, subnet: nil) }
        // IPv6 keeps its own default.
        #expect(try ipam.requestPool(family: .ipv6, subnet: nil).length == 64)
    }

    @Test func sortedAndWithoutTheCovered() throws {
        let texts = [("172.30.0.0/16", 24), ("10.0.0.0/24", 26), ("10.0.0.0/16", 24), ("10.0.8.0/24", 25)]
        let pools = try texts.map { try DefaultPool(base: prefix($0.0), size: $0.1) }
        #expect(DefaultPool.normalised(pools).map(\.base) == [prefix("10.0.0.0/16"), prefix("172.30.0.0/16")])
    }

    @Test func sizesAreChecked() {
        #expect(throws: EngineError.self) { try DefaultPool(base: prefix("10.0.0.0/16"), size: 15) }
        #expect(throws: EngineError.self) { try DefaultPool(base: prefix("10.0.0.0/16"), size: 33) }
        #expect(throws: Never.self) { try DefaultPool(base: prefix("fd00::/48"), size: 64) }
    }

    /// `printf abc | sha256sum` begins ba7816bf 8f01cfea: bytes 3 to 7 are bf8f01cfea.
    @Test func uniqueLocalPrefixFollowsTheHost() throws {
        var ipam = IPAM(hostID: "abc")
        #expect(try ipam.requestPool(family: .ipv6, subnet: nil) == prefix("fdbf:8f01:cfea::/64"))
        #expect(try ipam.requestPool(family: .ipv6, subnet: nil) == prefix("fdbf:8f01:cfea:1::/64"))
    }

    /// Digests as `sha256sum` prints them, across the padding's block boundary.
    @Test(arguments: [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    ])
    func digests(count: Int, digest: String) {
        let bytes = SHA256.digest([UInt8](repeating: UInt8(ascii: "a"), count: count))
        #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == digest)
    }

    @Test func otherPoolsForWhatComesNext() throws {
        var ipam = emptyIPAM()
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("172.17.0.0/16"))
        ipam.setPools([try DefaultPool(base: prefix("172.16.0.0/15"), size: 16)], hostID: "test")
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("172.16.0.0/16"))
        #expect(throws: EngineError.self) { try ipam.requestPool(family: .ipv4, subnet: nil) }
    }
}
