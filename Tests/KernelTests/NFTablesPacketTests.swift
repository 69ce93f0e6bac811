import Addressing
import Dataplane
import Firewall
import NFTables
import NetworkModel
import Testing

/// Packets through bridges and to an outside namespace, let through or not by the elements that Firewall makes.
@Suite(.serialized) struct NFTablesPacketTests {
    /// What gets from one place to another: `all`; `ping`, but no TCP; `none`.
    enum Passage: String {
        case all, ping, none
    }

    /// Families that differ are given as `IPv4/IPv6`.
    private static let matrix = """
        a1 a2 all
        a1 b1 none
        a1 i1 none
        a1 r1 ping
        a1 u1 all
        a1 m1 none
        a1 h1 none
        a1 f1 none
        a1 out all
        a1 host all
        a1 b-gateway all
        b1 b2 none
        b1 a1 none
        b1 out all
        i1 i2 all
        i1 a1 none
        i1 r1 none
        i1 u1 none
        i1 out none
        i1 host all
        s1 s2 all
        s1 out none
        s1 host none
        s1 a1 none
        r1 a1 none
        r1 i1 none
        r1 out all
        u1 a1 none
        u1 r1 ping
        u1 out all
        m1 a1 none
        m1 out all
        h1 out all
        f1 f2 all
        f1 a1 none
        f1 u1 all/none
        f1 out all/none
        out a1 none
        out b1 none
        out i1 none
        out s1 none
        out r1 ping
        out u1 all
        out m1 none
        out h1 none
        out f1 none
        out t1 none
        host a1 all
        host b1 all
        host i1 all
        host r1 all
        host u1 all
        host m1 all
        """

    @Test(arguments: [0, 1]) func isolation(bridgeNetfilter: Int) throws {
        let bed = try PacketBed(bridgeNetfilter: bridgeNetfilter)
        #expect(try bed.passages(Self.matrix) == Self.matrix)
    }

    /// Without rules everything passes: what the matrix shows is their doing, not a missing route's.
    @Test func withoutElementsEverythingPasses() throws {
        let bed = try PacketBed(bridgeNetfilter: 1)
        for set in Ruleset.table.sets.map(\.name) {
            _ = try bed.bed.attempt(
                "nft flush set inet fairlead \(set) || nft flush map inet fairlead \(set)", in: "host")
        }
        let open =
            "a1 b1 all\na1 i1 all\ni1 r1 all\ni1 out all\nb1 a1 all\nout a1 all\nout r1 all\nout m1 all\ns1 host all"
        #expect(try bed.passages(open) == open)
    }

    @Test(arguments: [0, 1]) func sourceAddresses(bridgeNetfilter: Int) throws {
        let bed = try PacketBed(bridgeNetfilter: bridgeNetfilter)
        let out = try bed.sources(at: "out", of: ["a1", "u1", "r1", "m1", "h1"])
        #expect(
            out == [
                "a1": ["198.51.100.1", "2001:db8:f::1"], "u1": ["198.51.100.1", "2001:db8:f::1"],
                "r1": ["10.77.4.2", "fd77:0:0:4::2"], "m1": ["10.77.6.2", "fd77:0:0:6::2"],
                "h1": ["198.51.100.7", "2001:db8:77::7"],
            ])
        #expect(try bed.sources(at: "a2", of: ["a1"]) == ["a1": ["10.77.1.2", "fd77:0:0:1::2"]])
    }

    /// Where Fairlead turned forwarding on, foreign traffic isn't forwarded, and ours is.
    @Test func closedFamiliesForwardOnlyOurs() throws {
        let bed = try PacketBed(bridgeNetfilter: 0)
        let foreign = "out far all\nfar out all\n"
        #expect(try bed.passages(foreign) + "\n" == foreign)
        try bed.connection.apply(Ruleset.closedElements(for: [.ipv4]).map { .add($0) })
        let closed = "out far none/all\na1 out all\na1 far all\nout r1 ping\nout u1 all\nr1 far all\na1 a2 all"
        #expect(try bed.passages(closed) == closed)
    }

    /// The administrator's accept in user-forward opens what forward drops, but the guard stays: only a trusted interface
    /// reaches a guarded address. user-ingress comes before it.
    @Test func theAdministratorsChains() throws {
        let bed = try PacketBed(bridgeNetfilter: 1)
        try bed.bed.run("nft add rule inet fairlead user-forward accept", in: "host")
        let opened = "out t1 all\nout m1 all\nout a1 none\na1 i1 all\na1 b1 none"
        #expect(try bed.passages(opened) == opened)
        try bed.bed.run("nft add rule inet fairlead user-ingress accept", in: "host")
        #expect(try bed.passages("out a1 all\na1 b1 all") == "out a1 all\na1 b1 all")
    }

    /// A connection that conntrack doesn't know leaves a translated network under no address.
    @Test func invalidPacketsDoNotLeakUntranslated() throws {
        let bed = try PacketBed(bridgeNetfilter: 0)
        // An RST of no connection: conntrack calls a TCP packet out of state invalid when it is strict.
        try bed.bed.run("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0", in: "host")
        try bed.bed.run(
            "nft add table ip probe; nft add chain ip probe in '{ type filter hook prerouting priority -400; }'; "
                + "nft add rule ip probe in tcp flags ack counter", in: "out")
        try bed.bed.run(
            "nft add table ip stray; nft add chain ip stray o '{ type filter hook output priority 0; }'; "
                + "nft add rule ip stray o tcp dport 9 tcp flags syn tcp flags set ack", in: "a1")
        _ = try bed.bed.attempt("timeout 0.5 bash -c 'exec 3<>/dev/tcp/198.51.100.2/9'", in: "a1")
        #expect(try bed.bed.run("nft list table ip probe", in: "out").contains("counter packets 0 "))
        #expect(
            !(try bed.bed.run("nft list chain inet fairlead invalid", in: "host").contains(
                "translated counter packets 0 ")))
    }
}
