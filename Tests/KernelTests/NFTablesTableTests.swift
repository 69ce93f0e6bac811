import Addressing
import Dataplane
import Firewall
import NFTables
import NetworkModel
import Testing

/// The table in the kernel, seen by nft(8).
@Suite struct NFTablesTableTests {
    @Test func itIsWhatNftMakesOfTheText() throws {
        let bed = try NFTablesBed("ours", "nft")
        let elements = sampleElements()
        let problems = try bed.connection(in: "ours").ensureTable(with: elements.map { .add($0) })
        #expect(problems == ["table fairlead is missing"])
        try bed.run(
            "nft -f - <<'END'\n\(Ruleset.table)\n\(elements.map(nftText).joined(separator: "\n"))\nEND", in: "nft")
        let listing = try bed.run("nft -s list ruleset", in: "ours")
        #expect(try bed.run("nft -s list ruleset", in: "nft") == listing)
        #expect(listing.contains("\"br-a\" . \"br-a\" comment \"net \u{00E9}'s; {x}\" : accept,"))
        // And what nft lists, it reads.
        try bed.run(
            "nft -s list ruleset > /dev/shm/$$ && nft -f /dev/shm/$$; s=$?; rm /dev/shm/$$; exit $s", in: "ours")
    }

    @Test func whatIsRightIsLeftAsItIs() throws {
        let bed = try NFTablesBed("host")
        try bed.connection(in: "host").ensureTable(with: sampleElements().map { .add($0) })
        // Two packets into the guard's counter: a container's address on lo.
        try bed.run("ip addr add 10.0.0.2/32 dev lo && ping -c2 -i0.2 -W0.2 10.0.0.2 || true", in: "host")
        let before = try bed.run("nft -a list ruleset", in: "host")
        #expect(before.contains("counter packets 2 bytes 168 drop comment \"not from there\""))
        // As after a restart of the daemon: another connection.
        let connection = try bed.connection(in: "host")
        #expect(try connection.tableProblems() == [])
        #expect(try connection.ensureTable() == [])
        #expect(try bed.run("nft -a list ruleset", in: "host") == before)
    }

    @Test func aFlushedRulesetIsNoticedAndMended() throws {
        let bed = try NFTablesBed("host")
        let connection = try bed.connection(in: "host")
        let elements = sampleElements()
        try connection.ensureTable(with: elements.map { .add($0) })
        let before = try bed.run("nft -s list ruleset", in: "host")
        try bed.run("nft flush ruleset", in: "host")
        #expect(try connection.tableProblems() == ["table fairlead is missing"])
        #expect(try connection.dumpElements() == [])
        try connection.ensureTable(with: elements.map { .add($0) })
        #expect(try bed.run("nft -s list ruleset", in: "host") == before)
        #expect(try connection.tableProblems() == [])
    }

    /// Damage by nft(8), what is said about it; afterwards all is as it was.
    @Test(arguments: [
        ("nft insert rule inet fairlead forward accept", ["chain forward has 1 foreign rule"]),
        (
            "nft add rule inet fairlead input drop; nft insert rule inet fairlead input drop",
            ["chain input has 2 foreign rules"]
        ),
        ("nft flush chain inet fairlead guard", ["chain guard lacks rules"]),
        ("nft add chain inet fairlead forward '{ policy drop; }'", ["chain forward has another policy"]),
        (
            "nft add chain inet fairlead x '{ type filter hook forward priority 5; policy drop; }'; "
                + "nft add rule inet fairlead x drop", ["chain x is foreign"]
        ),
        ("nft flush chain inet fairlead source; nft delete chain inet fairlead source", ["chain source is missing"]),
        (
            "nft flush chain inet fairlead input; nft delete set inet fairlead isolated",
            [
                "set isolated is missing", "chain input lacks rules",
            ]
        ),
        (
            "nft flush chain inet fairlead input; nft delete set inet fairlead isolated; "
                + "nft add set inet fairlead isolated '{ type ipv4_addr; flags interval; }'",
            [
                "set isolated has other types or flags"
            ]
        ),
        (
            "nft flush chain inet fairlead input; nft delete chain inet fairlead input; "
                + "nft add chain inet fairlead input '{ type filter hook input priority 7; }'",
            [
                "chain input has another hook"
            ]
        ),
        ("nft add table inet fairlead '{ flags dormant; }'", ["table fairlead is dormant"]),
    ]) func damageIsMended(damage: String, problems: [String]) throws {
        let bed = try NFTablesBed("host")
        let connection = try bed.connection(in: "host")
        try connection.ensureTable()
        let before = try bed.run(sorted, in: "host")
        try bed.run(damage, in: "host")
        #expect(try connection.tableProblems() == problems)
        #expect(try connection.ensureTable() == problems)
        #expect(try bed.run(sorted, in: "host") == before)
        #expect(try connection.tableProblems() == [])
    }

    @Test func aForeignRuleGoesAloneAndHandlesStay() throws {
        let bed = try NFTablesBed("host")
        let connection = try bed.connection(in: "host")
        try connection.ensureTable()
        let before = try bed.run("nft -a list ruleset", in: "host")
        try bed.run("nft insert rule inet fairlead forward tcp dport 22 accept", in: "host")
        try bed.run("nft add rule inet fairlead passing accept", in: "host")
        try connection.ensureTable()
        #expect(try bed.run("nft -a list ruleset", in: "host") == before)
    }

    @Test func theAdministratorsChainsAreNeverTouched() throws {
        let bed = try NFTablesBed("host")
        // As /etc/nftables.conf may declare them before the first start, with chains and sets of the administrator's.
        try bed.run(
            """
            nft -f - <<'END'
            table inet fairlead {
                set mine { type ipv4_addr; elements = { 192.0.2.1 }; }
                chain helper { counter; }
                chain user-forward { ip saddr @mine accept; jump helper; }
                chain user-ingress { ip daddr 192.0.2.9 drop; }
            }
            END
            """, in: "host")
        let connection = try bed.connection(in: "host")
        func userPart() throws -> [String] {
            try ["chain inet fairlead user-forward", "chain inet fairlead user-ingress", "set inet fairlead mine"]
                .map { try bed.run("nft -a list " + $0, in: "host") }
        }
        let before = try userPart()
        try connection.ensureTable()
        #expect(try connection.tableProblems() == [])
        #expect(try userPart() == before)
        #expect(try connection.userRuleCounts() == ["user-forward": 2, "user-ingress": 1])
        try bed.run(
            "nft flush chain inet fairlead forward; nft add rule inet fairlead user-forward counter", in: "host")
        let changed = try userPart()
        #expect(try connection.ensureTable() == ["chain forward lacks rules"])
        #expect(try userPart() == changed)
        #expect(try connection.userRuleCounts() == ["user-forward": 3, "user-ingress": 1])
    }

    /// Another keeps changing the ruleset between our look at it and our commit (ERESTART).
    @Test func mendingWhileAnotherChangesTheRuleset() throws {
        let bed = try NFTablesBed("host")
        let connection = try bed.connection(in: "host")
        try connection.ensureTable()
        let before = try bed.run(sorted, in: "host")
        try bed.run(
            "timeout 1.5 sh -c 'while nft add rule inet fairlead input drop; do :; done' >/dev/null 2>&1 &", in: "host")
        var mended = 0
        let clock = ContinuousClock()
        let end = clock.now + .seconds(2)
        while clock.now < end {
            if try !connection.ensureTable().isEmpty { mended += 1 }
        }
        try connection.ensureTable()
        #expect(mended > 10)
        #expect(try bed.run(sorted, in: "host") == before)
    }

    /// Rules and sets of the same names in other tables are somebody else's.
    @Test func otherTablesAreNotMistakenForOurs() throws {
        let bed = try NFTablesBed("host")
        let connection = try bed.connection(in: "host")
        try bed.run(
            "nft -f - <<'END'\n\(Ruleset.table.description.replacing("inet fairlead", with: "inet other"))\nEND",
            in: "host")
        try bed.run("nft add element inet other closed '{ ipv4 }'; nft add rule inet other forward drop", in: "host")
        let before = try bed.run("nft -a list table inet other", in: "host")
        #expect(try connection.tableProblems() == ["table fairlead is missing"])
        try connection.ensureTable()
        #expect(try connection.tableProblems() == [])
        #expect(try connection.dumpElements() == [])
        #expect(try bed.run("nft -a list table inet other", in: "host") == before)
        try bed.run("nft delete table inet fairlead", in: "host")
        #expect(try connection.tableProblems() == ["table fairlead is missing"])
    }

    @Test func foreignChainsThatDropAreNamed() throws {
        let bed = try NFTablesBed("host")
        let connection = try bed.connection(in: "host")
        try connection.ensureTable()
        #expect(try connection.foreignDroppingChains() == [])
        try bed.run(
            """
            nft -f - <<'END'
            table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }
            table inet firewalld {
                chain filter_FORWARD { type filter hook forward priority 10; ct state established accept; jump policies; }
                chain policies { jump last; }
                chain last { reject with icmpx admin-prohibited; }
            }
            table inet maps {
                map verdicts { type ifname : verdict; elements = { "eth9" : goto stop }; }
                chain stop { counter drop; }
                chain onward { type filter hook forward priority 20; iifname vmap @verdicts; }
            }
            table inet harmless {
                chain unused { drop; }
                chain look { type filter hook forward priority 20; counter accept; }
                chain in { type filter hook input priority 20; policy drop; iif lo accept; }
            }
            table inet sleeping { flags dormant; chain f { type filter hook forward priority 20; policy drop; }; }
            END
            """, in: "host")
        #expect(
            try connection.foreignDroppingChains() == [
                "inet firewalld filter_FORWARD (reject in last)",
                "inet maps onward (drop in stop)",
                "ip filter FORWARD (policy drop)",
            ])
    }

    /// The table without handles and counts; nft lists objects in the order of their making, mending makes some later.
    private let sorted = "nft -s list ruleset | sed 's/^[ \\t]*//' | sort"
}

/// Elements of every kind: all gateway modes, both families, comments that nft has to quote.
func sampleElements() -> [SetElement] {
    var elements = Ruleset.closedElements(for: [.ipv4, .ipv6])
    let modes: [GatewayMode] = [.nat, .natUnprotected, .routed, .isolated]
    for (index, mode) in modes.enumerated() {
        let letter = ["a", "b", "c", "d"][index]
        var options = BridgeOptions()
        options.enableICC = index % 2 == 0
        options.gatewayModes = [.ipv4: mode, .ipv6: modes[3 - index]]
        options.trustedHostInterfaces = ["eth1"]
        options.hostAddresses = [.ipv4: IPAddress(family: .ipv4, value: 0xC000_0201)]
        let network = Network(
            id: .random(), name: index == 0 ? "net \u{00E9}\"s; {x}" : "n" + letter, created: Timestamp(nanoseconds: 0),
            driver: "bridge", enableIPv6: true)
        let addresses = [
            IPPrefix(host: IPAddress(family: .ipv4, value: 0x0A00_0002 + UInt128(index))),
            IPPrefix(host: IPAddress(family: .ipv6, value: 0xFD << 120 | UInt128(index + 2))),
        ]
        let endpoint = Endpoint(
            id: .random(), network: network.id, container: .random(), name: "web", addresses: addresses)
        elements += Ruleset.elements(for: network, options: options, bridge: "br-" + letter)
        elements += Ruleset.elements(for: endpoint, on: network, options: options, bridge: "br-" + letter)
    }
    return elements
}

/// `add element inet fairlead direct4 { 10.0.0.2 . "br-a" comment "a: web" }`
private func nftText(_ element: SetElement) -> String {
    func text(_ fields: [SetElement.Field]) -> String {
        fields.map { field in
            switch field {
            case .interface(let name): "\"\(name)\""
            case .family(let family): "ipv\(family.rawValue)"
            case .address(let address): "\(address)"
            case .transport(let number): "\(number)"
            case .port(let port): "\(port)"
            }
        }.joined(separator: " . ")
    }
    let value =
        switch element.value {
        case nil: ""
        case .verdict(let verdict): " : \(verdict)"
        case .fields(let fields): " : " + text(fields)
        }
    return
        "add element inet fairlead \(element.id.set) { \(text(element.id.key)) comment \"\(element.comment)\"\(value) }"
}
