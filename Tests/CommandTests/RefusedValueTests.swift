import JSON
import Testing

@testable import fairlead

/// Of every directive one value that is refused, in the file and as a flag: the refusal names the file or the flag, the
/// key and the reason.
struct RefusedValueTests {
    private struct Refused {
        let key: String
        /// As the file has it.
        let value: String
        /// As the flag has it; nil where a flag can't say it.
        let flag: String?
        let reason: String
    }

    private static let switches = [
        "debug", "icc", "ipv6", "ip-masq", "ip-forward", "ip-forward-no-drop", "live-restore", "tls", "tlsverify",
    ]

    private static let refused: [Refused] =
        switches.map { Refused(key: $0, value: "\"yes\"", flag: nil, reason: "expected true or false") }
        // Any text is a name or a path.
        + ["group", "tlscacert", "tlscert", "tlskey"].map {
            Refused(key: $0, value: "1", flag: nil, reason: "expected a string")
        }
        + ["data-root", "exec-root", "pidfile"].map {
            Refused(key: $0, value: "\"run/x\"", flag: "run/x", reason: "run/x is not an absolute path")
        }
        + [
            Refused(
                key: "hosts", value: "[\"udp://x\"]", flag: "udp://x",
                reason: "invalid bind address (udp://x): unsupported proto 'udp'"),
            Refused(key: "log-level", value: "\"loud\"", flag: "loud", reason: "invalid logging level: loud"),
            Refused(key: "log-format", value: "\"xml\"", flag: "xml", reason: "invalid log format: xml"),
            Refused(key: "labels", value: "[\"=a\"]", flag: "=a", reason: "bad attribute format: =a"),
            Refused(key: "bridge", value: "\"a b\"", flag: "a b", reason: "a b is not a name for an interface"),
            Refused(
                key: "bip", value: "\"10.0.0.1/33\"", flag: "10.0.0.1/33",
                reason: "netip.ParsePrefix(\"10.0.0.1/33\"): prefix length out of range"),
            Refused(
                key: "bip6", value: "\"10.0.0.1/8\"", flag: "10.0.0.1/8", reason: "10.0.0.1/8 is not an IPv6 prefix"),
            Refused(
                key: "fixed-cidr", value: "\"fd00::/8\"", flag: "fd00::/8", reason: "fd00::/8 is not an IPv4 prefix"),
            Refused(
                key: "fixed-cidr-v6", value: "\"x/8\"", flag: "x/8",
                reason: "netip.ParsePrefix(\"x/8\"): ParseAddr(\"x\"): unable to parse IP"),
            Refused(
                key: "default-gateway", value: "\"10.0.0.256\"", flag: "10.0.0.256",
                reason: "10.0.0.256 is not an IPv4 address"),
            Refused(
                key: "default-gateway-v6", value: "\"10.0.0.1\"", flag: "10.0.0.1",
                reason: "10.0.0.1 is not an IPv6 address"),
            Refused(
                key: "default-address-pools", value: "[{\"base\": \"10.0.0.0/8\", \"size\": 33}]",
                flag: "base=10.0.0.0/8,size=33",
                reason: "invalid default address pool base=10.0.0.0/8,size=33: the size must be between 8 and 32"),
            Refused(
                key: "default-network-opts", value: "{\"bridge\": {\"a\": 1}}", flag: nil,
                reason: "expected an object of objects of strings"),
            Refused(key: "mtu", value: "65536", flag: "65536", reason: "invalid default MTU: 65536"),
            Refused(key: "ip", value: "\"localhost\"", flag: "localhost", reason: "localhost is not an IP address"),
            Refused(
                key: "min-api-version", value: "\"1.57\"", flag: "1.57",
                reason: "1.57 is not an API version between 1.24 and 1.56"),
        ]

    /// Without a command line, which takes the argument parser long to read.
    private func refused(file text: String) -> String? {
        do throws(ConfigurationError) {
            let file = try ConfigurationFile(path: "/etc/daemon.json", contents: Array(text.utf8))
            _ = try DaemonConfiguration(program: .fairlead, flags: [:], file: file, environment: [:])
            return nil
        } catch {
            return error.message
        }
    }

    @Test func everyDirectiveIsHere() {
        #expect(Self.refused.map(\.key).sorted() == Directive.all.map(\.key).sorted())
    }

    @Test func theFileIsNamed() {
        for each in Self.refused {
            #expect(
                refused(file: "{\"\(each.key)\": \(each.value)}") == "/etc/daemon.json: \(each.key): \(each.reason)")
        }
    }

    @Test func theFlagIsNamed() throws {
        for each in Self.refused {
            guard let text = each.flag else { continue }
            let flag = try #require(Directive.byKey[each.key]).flag
            #expect(refusal(["--\(flag)=\(text)"]) == "--\(flag): \(each.reason)")
        }
    }

    /// Every key with a value of a kind that it hasn't.
    @Test(arguments: Directive.all)
    func kindsAreChecked(_ directive: Directive) throws {
        let reason =
            switch directive.kind {
            case .boolean: "expected true or false"
            case .number: "expected a whole number"
            case .text: "expected a string"
            case .list: "expected an array of strings"
            case .pools: "expected an array of objects with the members base (a string) and size (a number)"
            case .driverOptions: "expected an object of objects of strings"
            }
        for value in ["1.5", "[[]]", "{\"a\": 1}"] {
            #expect(
                refused(file: "{\"\(directive.key)\": \(value)}") == "/etc/daemon.json: \(directive.key): \(reason)")
        }
    }

    @Test(arguments: Self.switches) func switchesAreTrueOrFalse(_ key: String) throws {
        let text = try #require(refusal(["--\(key)=yes"]))
        #expect(text.hasPrefix("The value 'yes' is invalid for '--\(key) <\(key)>'"))
    }

    @Test func compoundFlagsSayWhatTheyAreMadeOf() {
        #expect(
            refusal(["--default-network-opt=bridge=a"]) == "--default-network-opt: bridge=a must be DRIVER=KEY=VALUE")
        #expect(refusal(["--mtu=large"])?.hasPrefix("The value 'large' is invalid for '--mtu <mtu>'") == true)
    }
}
