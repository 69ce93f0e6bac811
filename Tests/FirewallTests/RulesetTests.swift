import Addressing
import Dataplane
import Firewall
import NetworkModel
import Testing

@Suite struct RulesetTests {
    @Test func theTableIsTheSameOnEveryHost() {
        #expect(Ruleset.table.description == golden)
    }

    @Test func whatRulesNameIsThere() {
        let sets = Set(Ruleset.table.sets.map(\.name))
        let chains = Set(Ruleset.table.chains.map(\.name))
        #expect(sets.count == Ruleset.table.sets.count)
        #expect(chains.count == Ruleset.table.chains.count)
        for statement in Ruleset.table.chains.flatMap(\.rules).flatMap(\.statements) {
            switch statement {
            case .isIn(_, let set), .isNotIn(_, let set), .verdict(_, let set), .sourceNAT(_, _, let set):
                #expect(sets.contains(set))
            case .jump(let chain), .goto(let chain): #expect(chains.contains(chain))
            default: break
            }
        }
    }

    @Test func theAdministratorsChainsAreEmptyAndJumpedToFirst() {
        for chain in Ruleset.table.chains where chain.belongsToUser { #expect(chain.rules.isEmpty) }
        #expect(Ruleset.table.chains.filter(\.belongsToUser).map(\.name) == ["user-ingress", "user-forward"])
        for (name, target) in [("guard", "user-ingress"), ("forward", "user-forward")] {
            let chain = Ruleset.table.chains.first { $0.name == name }
            #expect(chain?.rules.first?.statements == [.jump(target)])
        }
    }

    /// For every set of parameters: the fields have the types that the set declares, and no verdict is a chain, on which
    /// the kernel would validate the whole table again.
    @Test func elementsFitTheirSets() throws {
        let modes: [GatewayMode] = [.nat, .natUnprotected, .routed, .isolated]
        for mode4 in modes {
            for mode6 in modes {
                for bits in 0..<32 {
                    let network = ElementTests.network(ipv6: bits & 1 == 0, isInternal: bits & 2 != 0)
                    let options = ElementTests.options(mode4, mode6) {
                        $0.enableICC = bits & 4 == 0
                        $0.enableMasquerade = bits & 8 == 0
                        if bits & 16 != 0 {
                            $0.hostAddresses = [.ipv4: address("192.0.2.1"), .ipv6: address("2001:db8::1")]
                        }
                    }
                    for element in Ruleset.elements(for: network, options: options, bridge: "br") { try check(element) }
                }
            }
        }
    }

    private func check(_ element: SetElement) throws {
        let set = try #require(Ruleset.table.sets.first { $0.name == element.id.set })
        #expect(element.id.key.map(type) == set.key)
        switch (element.value, set.data) {
        case (nil, nil): break
        case (.verdict(let verdict), .verdict): #expect(verdict == .accept || verdict == .drop)
        case (.fields(let fields), .fields(let types)): #expect(fields.map(type) == types)
        default: Issue.record("\(text(element)) has data of another kind")
        }
    }

    private func type(_ field: SetElement.Field) -> FieldType {
        switch field {
        case .interface: .interface
        case .family: .family
        case .address(let address): address.family == .ipv4 ? .ipv4 : .ipv6
        case .transport: .transport
        case .port: .port
        }
    }

    private let golden = """
        table inet fairlead {
            comment "static rules; networks and endpoints are elements"

            set guarded4 {
                type ipv4_addr
                comment "container addresses that only direct4 leads to"
            }

            set guarded6 {
                type ipv6_addr
                comment "container addresses that only direct6 leads to"
            }

            set direct4 {
                type ipv4_addr . ifname
                comment "where a guarded address is reached from"
            }

            set direct6 {
                type ipv6_addr . ifname
                comment "where a guarded address is reached from"
            }

            map within {
                type ifname . ifname : verdict
                comment "inside one bridge: icc"
            }

            set protected {
                type nf_proto . ifname
                comment "bridges that nothing enters unpublished"
            }

            set routed {
                type nf_proto . ifname
                comment "bridges in gateway mode routed: ICMP enters"
            }

            set open {
                type nf_proto . ifname
                comment "bridges in gateway mode nat-unprotected: all enters"
            }

            set outbound {
                type nf_proto . ifname
                comment "bridges whose containers reach other networks"
            }

            set confined {
                type nf_proto . ifname
                comment "bridges whose containers do not: internal, or no such family"
            }

            set translated {
                type nf_proto . ifname
                comment "bridges whose traffic leaves under an address of the host"
            }

            map source4 {
                type ifname : ipv4_addr
                comment "that address, where it is a given one"
            }

            map source6 {
                type ifname : ipv6_addr
                comment "that address, where it is a given one"
            }

            set isolated {
                type nf_proto . ifname
                comment "bridges in gateway mode isolated: not even the host"
            }

            set closed {
                type nf_proto
                comment "families in which foreign traffic is not forwarded"
            }

            chain user-ingress {
                comment "yours: first of all, original destinations; never changed"
            }

            chain user-forward {
                comment "yours: first in forward; never changed"
            }

            chain guard {
                comment "container addresses are reached from their own bridge"
                type filter hook prerouting priority -300; policy accept;
                jump user-ingress
                ip daddr @guarded4 ip daddr . iifname != @direct4 counter drop comment "not from there"
                ip6 daddr @guarded6 ip6 daddr . iifname != @direct6 counter drop comment "not from there"
            }

            chain invalid {
                comment "packets of no connection would pass without translation"
                meta nfproto . iifname @translated counter drop
                meta nfproto . oifname @open counter drop
                meta nfproto . oifname @routed counter drop
            }

            chain passing {
                comment "what its destination lets in, if its origin lets it out"
                meta nfproto . iifname @outbound accept
                meta nfproto . iifname @confined counter drop comment "stays inside"
                meta nfproto . oifname @open accept
                meta nfproto . oifname @routed accept
                meta nfproto @closed counter drop comment "foreign"
            }

            chain forward {
                comment "within a bridge, into one, out of one"
                type filter hook forward priority 0; policy accept;
                jump user-forward
                ct state established,related accept
                iifname . oifname vmap @within
                ct state invalid jump invalid
                meta l4proto 1 meta nfproto ipv4 meta nfproto . oifname @routed goto passing
                meta l4proto 58 meta nfproto ipv6 meta nfproto . oifname @routed goto passing
                meta nfproto . oifname @protected counter drop comment "not published"
                goto passing
            }

            chain input {
                comment "isolated networks don't reach the host"
                type filter hook input priority 0; policy accept;
                meta nfproto . iifname @isolated counter drop
            }

            chain source {
                comment "under which address traffic leaves"
                type nat hook postrouting priority 100; policy accept;
                iifname . oifname vmap @within comment "never inside a bridge"
                snat ip to iifname map @source4
                snat ip6 to iifname map @source6
                meta nfproto . iifname @translated masquerade
            }
        }

        """
}
