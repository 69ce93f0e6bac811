import Addressing
import Dataplane
import Firewall
import Glibc
import NFTables
import NetworkModel
import Testing

/// Element changes: what nft(8) lists afterwards, and what we read back.
@Suite struct NFTablesElementTests {
    let bed: NFTablesBed
    let connection: NFTablesConnection

    init() throws {
        bed = try NFTablesBed("host")
        connection = try bed.connection(in: "host")
        try connection.ensureTable()
    }

    private func direct(_ interface: String, _ comment: String = "a: web", last: UInt8 = 2) -> SetElement {
        SetElement(
            "direct4", [.address(IPAddress(family: .ipv4, value: 0x0A00_0000 + UInt128(last))), .interface(interface)],
            comment: comment)
    }

    private func within(_ verdict: SetElement.Verdict) -> SetElement {
        SetElement("within", [.interface("br-a"), .interface("br-a")], value: .verdict(verdict), comment: "a")
    }

    private func listing(_ set: String) throws -> String {
        let all = try bed.run("nft list set inet fairlead \(set) || nft list map inet fairlead \(set)", in: "host")
        return all.split(separator: "elements = {").dropFirst().first?.split(separator: "}").first?
            .split(whereSeparator: \.isWhitespace).joined(separator: " ") ?? ""
    }

    @Test func elementsComeBackEqual() throws {
        let elements = sampleElements()
        try connection.apply(elements.map { .add($0) })
        let found = try connection.dumpElements()
        #expect(found.count == elements.count)
        #expect(Set(found) == Set(elements))
    }

    @Test func manyElementsGoInOneTransaction() throws {
        let elements = (0..<20_000).map { number in
            SetElement(
                "direct4",
                [.address(IPAddress(family: .ipv4, value: UInt128(number))), .interface("br-\(number % 7)")],
                comment: "network number \(number % 7): container number \(number)")
        }
        try connection.apply([.add(within(.accept))])
        #expect(throws: NFTablesError.self) {
            try connection.apply(elements.map { .add($0) } + [.add(within(.drop))])
        }
        #expect(try connection.dumpElements() == [within(.accept)])
        try connection.apply([.remove(within(.accept))] + elements.map { .add($0) })
        #expect(try Set(connection.dumpElements()) == Set(elements))
        try connection.apply(elements.map { .remove($0) })
        #expect(try connection.dumpElements() == [])
    }

    /// The kernel rehashes a set in the background after each of these; a dump meanwhile must not miss an element.
    @Test func dumpsAreWholeWhileTheKernelRehashes() throws {
        let elements = (0..<3_000).map { number in
            SetElement("guarded4", [.address(IPAddress(family: .ipv4, value: UInt128(number)))], comment: "c")
        }
        for _ in 0..<4 {
            try connection.apply(elements.map { .add($0) })
            #expect(try Set(connection.dumpElements()) == Set(elements))
            try connection.apply(elements.dropFirst(50).map { .remove($0) })
            #expect(try Set(connection.dumpElements()) == Set(elements.prefix(50)))
            try connection.apply(elements.prefix(50).map { .remove($0) })
        }
    }

    @Test func replacingChangesValueAndComment() throws {
        try connection.apply([.add(within(.accept)), .add(direct("br-a", "old"))])
        try connection.apply([
            .replace(within(.accept), by: within(.drop)), .replace(direct("br-a", "old"), by: direct("br-a")),
        ])
        #expect(try listing("within") == "\"br-a\" . \"br-a\" comment \"a\" : drop")
        #expect(try listing("direct4") == "10.0.0.2 . \"br-a\" comment \"a: web\"")
    }

    @Test func whatIsThereAlreadyOrGoneAlreadyIsFine() throws {
        try connection.apply([.add(within(.accept)), .add(direct("br-a"))])
        try connection.apply([.add(within(.accept)), .add(direct("br-a")), .remove(direct("br-b"))])
        #expect(try Set(connection.dumpElements()) == [within(.accept), direct("br-a")])
        try bed.run("nft flush set inet fairlead direct4", in: "host")
        try connection.apply([
            .remove(direct("br-a")), .replace(direct("br-b"), by: direct("br-b", "new")), .remove(within(.accept)),
        ])
        #expect(try connection.dumpElements() == [direct("br-b", "new")])
    }

    @Test func allOrNothingAndTheErrorNamesTheElement() throws {
        try connection.apply([.add(within(.accept))])
        let changes = (0..<200).map { ElementChange.add(direct("br-\($0)", last: UInt8($0))) }
        let error = #expect(throws: NFTablesError.self) {
            try connection.apply(changes + [.add(within(.drop))])
        }
        #expect(error?.description == "add element within { br-a . br-a }: file exists")
        #expect(try connection.dumpElements() == [within(.accept)])
    }

    /// The refused element is the 120th of its set, in the second message.
    @Test func theErrorNamesTheRightOneOfMany() throws {
        func source(_ number: Int, _ address: UInt128) -> SetElement {
            SetElement(
                "source4", [.interface("br-\(number)")],
                value: .fields([.address(IPAddress(family: .ipv4, value: address))]), comment: "c")
        }
        try connection.apply([.add(source(119, 1))])
        let error = #expect(throws: NFTablesError.self) {
            try connection.apply((0..<200).map { .add(source($0, 2)) })
        }
        #expect(error == NFTablesError(operation: "add element", object: "source4 { br-119 }", errno: EEXIST))
        #expect(try connection.dumpElements() == [source(119, 1)])
    }

    @Test func onlyTheGuiltyGroupFails() throws {
        try connection.apply([.add(within(.accept))])
        let results = connection.apply(groups: [
            [.add(direct("br-a"))], [.add(direct("br-b")), .add(within(.drop))],
            [.remove(direct("br-x")), .add(direct("br-c"))],
        ])
        #expect(results.map { (try? $0.get()) != nil } == [true, false, true])
        #expect(try Set(connection.dumpElements()) == [within(.accept), direct("br-a"), direct("br-c")])
    }

    @Test func groupsKeepTheirOrder() throws {
        let results = connection.apply(groups: [
            [.add(direct("br-a"))], [.remove(direct("br-a")), .add(within(.drop))],
            [.replace(within(.drop), by: within(.accept))],
        ])
        #expect(results.allSatisfy { (try? $0.get()) != nil })
        #expect(try connection.dumpElements() == [within(.accept)])
    }

    @Test func fieldsThatDoNotFitAreRefused() throws {
        let wrong = [
            direct("sixteen-bytes-oo"), direct(""), SetElement("nowhere", [.interface("br")], comment: ""),
            SetElement("guarded4", [.address(IPAddress(family: .ipv6, value: 1))], comment: ""),
            SetElement("within", [.interface("br"), .interface("br")], comment: ""),
            SetElement("guarded4", [.address(IPAddress(family: .ipv4, value: 1))], value: .verdict(.drop), comment: ""),
        ]
        for element in wrong {
            let error = #expect(throws: NFTablesError.self) { try connection.apply([.add(element)]) }
            #expect(error?.errno == EINVAL)
        }
        #expect(try connection.dumpElements() == [])
    }

    @Test func foreignElementsAreSeenAndCanBeRemoved() throws {
        try bed.run(
            """
            nft add element inet fairlead within '{ "x" . "y" : continue }'
            nft add element inet fairlead protected '{ ipv4 . "x" }'
            """, in: "host")
        let found = try connection.dumpElements()
        #expect(
            Set(found) == [
                SetElement("within", [.interface("x"), .interface("y")], comment: ""),
                SetElement("protected", [.family(.ipv4), .interface("x")], comment: ""),
            ])
        try connection.apply(found.map { .remove($0) })
        #expect(try connection.dumpElements() == [])
    }

    @Test func withoutATableTheKernelsWordIsPassedOn() throws {
        try bed.run("nft delete table inet fairlead", in: "host")
        let error = #expect(throws: NFTablesError.self) { try connection.apply([.add(direct("br-a"))]) }
        #expect(error?.errno == ENOENT)
        try connection.apply([.remove(direct("br-a"))])
    }

    /// One connection, many threads, another's transactions meanwhile.
    @Test func concurrentUseLosesNothing() async throws {
        let connection = connection
        let bed = bed
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try bed.run("for i in $(seq 50); do nft add table ip t; nft delete table ip t; done", in: "host")
            }
            for number in 0..<8 {
                group.addTask {
                    for last in 0..<50 {
                        let element = self.direct("br-\(number)", last: UInt8(last))
                        try connection.apply([.add(element)])
                        if last % 2 == 0 { try connection.apply([.remove(element)]) }
                        if last % 10 == 0 { try connection.ensureTable() }
                        _ = try connection.dumpElements()
                    }
                }
            }
            try await group.waitForAll()
        }
        let expected = (0..<8).flatMap { number in
            stride(from: 1, to: 50, by: 2).map { direct("br-\(number)", last: UInt8($0)) }
        }
        #expect(try Set(connection.dumpElements()) == Set(expected))
    }
}
