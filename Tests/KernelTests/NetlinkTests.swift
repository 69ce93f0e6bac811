import Addressing
import Dataplane
import Glibc
import Testing

@testable import Kernel
@testable import Netlink

extension LinkTests {
    /// Messages and dumps against `ip -j`.
    @Suite(.serialized) struct NetlinkTests {
        private let socket: NetlinkSocket

        init() throws { socket = try NetlinkSocket() }

        private func bridge(_ name: String, _ index: Int32, group: UInt32 = 6000) throws -> Netlink.Message {
            try .createBridge(.init(name: name, index: index, group: group))
        }

        private func index(_ name: String) throws -> Int32 {
            try #require(try socket.links(named: [name])[name]).index
        }

        @Test func twoHundredRequestsInOneSendGetTwoHundredAnswers() throws {
            try socket.perform([bridge("nl-batch", 50_001)])
            defer { try? socket.perform([.deleteLink(named: "nl-batch")]) }
            // Every tenth is there already.
            let prefixes = (0..<200).map { prefixed("10.200.0.\($0 % 10 == 9 ? $0 - 1 : $0)/32") }
            let answers = try socket.transact(prefixes.map { try .addAddress($0, to: 50_001) })
            #expect(answers.count == 200)
            #expect(answers.enumerated().allSatisfy { $1.errno == ($0 % 10 == 9 ? EEXIST : 0) })
            let found = try Oracle.addresses(of: "nl-batch").compactMap(\.local)
            #expect(Set(found) == Set(prefixes.map { "\($0.address)" }))
        }

        @Test func aBatchBeyondOneSendIsSplitAndLosesNothing() throws {
            try socket.perform([bridge("nl-large", 50_002)])
            defer { try? socket.perform([.deleteLink(named: "nl-large")]) }
            let prefixes = (0..<6000).map { prefixed("10.201.\($0 / 250).\($0 % 250)/32") }
            let answers = try socket.transact(prefixes.map { try .addAddress($0, to: 50_002) })
            #expect(answers.count == 6000)
            #expect(answers.allSatisfy { $0.isSuccess })
            #expect(try Oracle.addresses(of: "nl-large").count == 6000)
            #expect(try socket.addresses().filter { $0.link == 50_002 }.count == 6000)
        }

        @Test func aNameThatIsTooLongReachesTheKernelWhole() throws {
            for name in [String(repeating: "x", count: 16), String(repeating: "y", count: 5000)] {
                let answer = try socket.transact([bridge(name, 50_003)])[0]
                #expect(answer.errno == ERANGE)
                #expect(NetlinkError.text(of: answer.errno) == "numerical result out of range")
            }
            let names = try Oracle.links().keys
            #expect(!names.contains { $0.hasPrefix("xxx") || $0.hasPrefix("yyy") })
            let longest = "nl-fifteen-1234"
            try socket.perform([bridge(longest, 50_003)])
            #expect(try Oracle.links()[longest]?.ifindex == 50_003)
            try socket.perform([.deleteLink(named: longest)])
        }

        @Test func namesAndIndexesThatAreTaken() throws {
            try socket.perform([bridge("nl-taken", 50_004)])
            defer { try? socket.perform([.deleteLink(named: "nl-taken")]) }
            // The kernel says the same of a name and of an index, but not of a peer's.
            let answers = try socket.transact([
                bridge("nl-taken", 50_005), bridge("nl-other", 50_004),
                .createVeth(
                    .init(name: "nl-other", index: 50_005, group: 6000),
                    peer: .init(name: "nl-another", index: 50_004, group: 6000), inNamespace: nil),
            ])
            #expect(answers.map { $0.errno } == [EEXIST, EEXIST, EBUSY])
            #expect(NetlinkError.text(of: EEXIST) == "file exists")
            #expect(try Oracle.links()["nl-other"] == nil)
        }

        @Test func theKernelsExplanationArrives() throws {
            try socket.perform([bridge("nl-extack", 50_006), .changeLink(50_006, LinkChange(up: true), called: "")])
            defer { try? socket.perform([.deleteLink(named: "nl-extack")]) }
            let route = Route(
                destination: prefixed("10.99.0.0/16"), gateway: IPAddress("10.98.0.1"), link: 50_006)
            do {
                try socket.perform([.addRoute(route)])
                Issue.record("the gateway was accepted")
            } catch {
                #expect(error.errno == ENETUNREACH)
                #expect(
                    error.description
                        == "add route 10.99.0.0/16 via 10.98.0.1: network is unreachable: Nexthop has invalid gateway")
            }
        }

        @Test func theFullBridgeIsRefusedInTheKernelsWords() throws {
            try socket.perform([bridge("nl-full", 50_007)])
            var ports: [Netlink.Message] = []
            for number in Int32(0)..<1024 {
                let port = Netlink.Message.NewLink(
                    name: "nlp\(number)", index: 51_000 + 2 * number, group: 6001, master: 50_007)
                let peer = Netlink.Message.NewLink(name: "nlq\(number)", index: port.index + 1, group: 6002)
                ports.append(try .createVeth(port, peer: peer, inNamespace: nil))
            }
            let answers = try socket.transact(ports)
            #expect(answers.filter(\.isSuccess).count == 1023)
            #expect(answers.last?.errno == EXFULL)
            #expect(NetlinkError.text(of: EXFULL) == "exchange full")
            #expect(try Oracle.links()["nlq1023"] == nil)
            try socket.perform([.deleteLinks(inGroup: 6001), .deleteLink(named: "nl-full")])
            let left = try Oracle.links().keys.filter { $0.hasPrefix("nlp") || $0.hasPrefix("nlq") }
            #expect(left == [])
        }

        @Test func linksAreReadAsIPReadsThem() throws {
            try socket.perform([bridge("nl-read", 50_008, group: 6003)])
            try Oracle.ip("link add nl-end type veth peer name nl-peer")
            try Oracle.ip("link set nl-end master nl-read mtu 1333 address 02:42:00:00:00:17 alias some:alias up")
            try Oracle.ip("link set nl-end type bridge_slave isolated on hairpin on")
            try Oracle.ip("link set nl-end addrgenmode none")
            defer {
                try? Oracle.ip("link del nl-end")
                try? Oracle.ip("link del nl-read")
            }
            let links = Dictionary(uniqueKeysWithValues: try socket.links().map { ($0.name, $0) })
            let oracle = try Oracle.links()
            #expect(Set(links.keys) == Set(oracle.keys))
            let end = try #require(links["nl-end"])
            let named = try socket.links(named: ["nl-end", "nl-missing"])
            #expect(named == ["nl-end": end])
            #expect(end.master == 50_008)
            #expect(end.mtu == 1333)
            #expect(end.mac == MACAddress("02:42:00:00:00:17"))
            #expect(end.alias == "some:alias")
            #expect(end.isUp)
            #expect(end.kind == "veth")
            #expect(end.peer == links["nl-peer"]?.index)
            #expect(end.peerNamespace == nil)
            #expect(end.port == Netlink.Link.Port(isolated: true, hairpin: true))
            #expect(end.addressGeneration == Netlink.Link.AddressGeneration.none)
            let bridge = try #require(links["nl-read"])
            #expect(bridge.kind == "bridge")
            #expect(bridge.group == 6003)
            #expect(!bridge.isUp)
            #expect(bridge.port == nil)
            #expect(bridge.addressGeneration == .eui64)
            #expect(links["lo"]?.isLoopback == true)
        }

        @Test func addressesAreUsableAtOnceAndWithoutBroadcast() throws {
            try Oracle.ip("link add nl-addr type veth peer name nl-addrp")
            defer { try? Oracle.ip("link del nl-addr") }
            try Oracle.ip("link set nl-addrp up")
            try Oracle.ip("link set nl-addr up")
            let link = try index("nl-addr")
            try socket.perform([
                .addAddress(prefixed("10.7.0.2/24"), to: link), .addAddress(prefixed("fd07::2/64"), to: link),
            ])
            let addresses = try Oracle.addresses(of: "nl-addr")
            let four = try #require(addresses.first { $0.local == "10.7.0.2" })
            #expect(four.prefixlen == 24)
            #expect(four.broadcast == nil)
            #expect(four.scope == "global")
            let six = try #require(addresses.first { $0.local == "fd07::2" })
            #expect(six.prefixlen == 64)
            #expect(six.tentative == nil)
            let ours = try socket.addresses().filter { $0.link == link }
            #expect(
                Set(ours.filter { !$0.isAutomatic }.map(\.prefix)) == [prefixed("10.7.0.2/24"), prefixed("fd07::2/64")])
            #expect(ours.contains { $0.isAutomatic })
            #expect(Set(try socket.addresses(of: link)) == Set(ours))
            #expect(try socket.addresses(of: 1 << 29).isEmpty)
            try socket.perform([
                .removeAddress(prefixed("10.7.0.2/24"), from: link), .removeAddress(prefixed("fd07::2/64"), from: link),
            ])
            #expect(try Oracle.addresses(of: "nl-addr").allSatisfy { $0.local?.hasPrefix("fe80") == true })
        }

        @Test func routesAndNeighbours() throws {
            try socket.perform([bridge("nl-route", 50_009), .changeLink(50_009, LinkChange(up: true), called: "")])
            defer { try? socket.perform([.deleteLink(named: "nl-route")]) }
            try socket.perform([
                .addAddress(prefixed("10.8.0.2/24"), to: 50_009), .addAddress(prefixed("fd08::2/64"), to: 50_009),
            ])
            let four = Route(destination: prefixed("0.0.0.0/0"), gateway: IPAddress("10.8.0.1"), link: 50_009)
            let six = Route(destination: prefixed("::/0"), gateway: IPAddress("fd08::1"), link: 50_009)
            let onLink = Route(destination: prefixed("10.9.0.0/16"), gateway: nil, link: 50_009)
            try socket.perform([.addRoute(four), .addRoute(six), .addRoute(onLink)])
            let routes = try Oracle.routes().filter { $0.protocol == "87" }
            #expect(routes.map(\.dst).sorted() == ["10.9.0.0/16", "default"])
            #expect(routes.first { $0.dst == "default" }?.gateway == "10.8.0.1")
            #expect(try Oracle.routes(family: "-6").first { $0.protocol == "87" }?.gateway == "fd08::1")
            let ours = try socket.routes(from: LinkAddress.ours)
            #expect(Set(ours.map(\.destination)) == Set([four, six, onLink].map(\.destination)))
            #expect(ours.first { $0.destination == six.destination }?.gateway == six.gateway)
            #expect(try socket.transact([.addRoute(four)])[0].errno == EEXIST)
            let other = Route(destination: four.destination, gateway: IPAddress("10.8.0.9"), link: 50_009)
            try socket.perform([.replaceRoute(other)])
            #expect(try Oracle.routes().filter { $0.dst == "default" }.map(\.gateway) == ["10.8.0.9"])
            try socket.perform([.removeRoute(other), .removeRoute(six), .removeRoute(onLink)])
            #expect(try Oracle.routes().filter { $0.protocol == "87" }.isEmpty)

            let mac = try #require(MACAddress("02:42:00:00:00:99"))
            let neighbour = Neighbour(link: 50_009, address: try #require(IPAddress("10.8.0.77")), mac: mac)
            try socket.perform([.setNeighbour(neighbour)])
            #expect(try Oracle.neighbours().contains("10.8.0.77 dev nl-route lladdr 02:42:00:00:00:99 PERMANENT"))
            #expect(try socket.neighbours().contains(neighbour))
            try socket.perform([.removeNeighbour(neighbour)])
            #expect(try !Oracle.neighbours().contains("10.8.0.77"))
        }

        @Test func whatWouldDeleteTooMuchIsRefusedHere() {
            #expect(throws: NetlinkError.self) { try Netlink.Message.deleteLinks(inGroup: 0) }
            #expect(throws: NetlinkError.self) { try Netlink.Message.deleteLink(0, called: "") }
        }

        @Test func socketsAreClosed() throws {
            let before = openDescriptors()
            for _ in 0..<200 { _ = try NetlinkSocket().links() }
            // Tests beside this one have some open, too.
            #expect(openDescriptors() < before + 100)
        }
    }
}

/// Go's texts (syscall/zerrors_linux_amd64.go).
@Test(arguments: [
    (EPERM, "operation not permitted"), (ENOENT, "no such file or directory"), (EEXIST, "file exists"),
    (ENODEV, "no such device"), (EBUSY, "device or resource busy"), (EROFS, "read-only file system"),
    (EADDRNOTAVAIL, "cannot assign requested address"), (EXFULL, "exchange full"), (EMLINK, "too many links"),
    (ERFKILL, "operation not possible due to RF-kill"), (4095, "errno 4095"),
])
func errnoTexts(_ errno: Int32, _ text: String) {
    #expect(NetlinkError.text(of: errno) == text)
}
