import Dataplane
import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct FeatureProbeTests {
        @Test func whatIsFoundIsWhatCanBeMade() async throws {
            try await withDirectory { directory in
                let path = "\(directory)/one"
                let threads = try BlockingThreads(name: "test", count: 1)
                let before = openDescriptors()
                let features = try await threads.run {
                    try NamespaceHandle.create(NamespacePin(path: path))
                    return try NamespaceHandle.within(.path(path)) { try FeatureProbe.probe() }
                }
                #expect(openDescriptors() == before)
                #expect(try Oracle.links(in: path).keys.sorted() == ["lo"], "a probe makes nothing")

                try Oracle.ip("link add parent type bridge", in: path)
                var makeable: Set<String> = []
                for kind in FeatureProbe.linkKinds {
                    let rest = [
                        "macvlan": "link parent", "ipvlan": "link parent", "vxlan": "id 7 dstport 0 dev parent",
                    ]
                    let parts = rest[kind] ?? ""
                    let words =
                        parts.hasPrefix("link")
                        ? "link add \(parts) name x type \(kind)" : "link add name x type \(kind) \(parts)"
                    do {
                        try Oracle.ip(words, in: path)
                        makeable.insert(kind)
                        try Oracle.ip("link del x", in: path)
                    } catch let failure as Oracle.Failure where failure.output.contains("Unknown device type") {
                        continue
                    }
                }
                #expect(features.linkKinds == makeable)
                #expect(makeable.isSuperset(of: ["bridge", "veth"]))
                #expect(features.hasNFTables == ((try? Oracle.run(["nft", "list", "tables"], path)) != nil))
                #expect(features.hasConntrack == ((try? Oracle.run(["conntrack", "-C"], path)) != nil))
                #expect(
                    features.hasBridgeNetfilter == ((try? Oracle.run(["ls", "/proc/sys/net/bridge"], path)) != nil))
                #expect(features.hasNamespaceCookies)
            }
        }

        @Test func theDescriptionSaysWhatIsMissing() {
            var features = Features()
            features.linkKinds = ["bridge", "veth"]
            features.hasNFTables = true
            features.hasConntrack = true
            features.hasIPv6 = true
            features.hasBridgeNetfilter = true
            #expect(
                features.description
                    == "bridge, veth, nftables, conntrack, IPv6, br_netfilter; without macvlan, ipvlan, vxlan, namespace cookies"
            )
            features.linkKinds = Set(FeatureProbe.linkKinds)
            features.hasNamespaceCookies = true
            #expect(!features.description.contains("without"))
        }
    }
}
