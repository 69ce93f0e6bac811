import JSON
import Testing

@testable import fairlead

struct FlagTests {
    @Test(arguments: [
        (["--icc=false"], ["--icc=false"]),
        (["--icc"], ["--icc=true"]),
        (["-D"], ["--debug=true"]),
        (["-D=false"], ["--debug=false"]),
        (
            ["-H", "unix:///a", "-Hfd://", "-H=tcp://[::1]:1"],
            ["--host=unix:///a", "--host=fd://", "--host=tcp://[::1]:1"]
        ),
        (["--label", "--icc"], ["--label=--icc"]),
        (["--label=a=b"], ["--label=a=b"]),
        (
            ["-l", "debug", "-p", "/a", "-b", "none", "-G", ""],
            ["--log-level=debug", "--pidfile=/a", "--bridge=none", "--group="]
        ),
        (["--config-file", "/a"], ["--config-file=/a"]),
        (["--bip"], ["--bip"]),
        (["--", "-D"], ["--", "-D"]),
        (["--nonsense", "word"], ["--nonsense", "word"]),
    ])
    func everyFlagWithAValueBecomesOneWord(_ words: [String], _ expected: [String]) {
        #expect(ServeArguments(words).words == expected)
    }

    @Test func theDaemonsOwnFlagsAreTakenOut() {
        let arguments = ServeArguments(
            ["--containerd", "/run/c.sock", "-D", "--userland-proxy=false", "--init", "--storage-driver=vfs", "--icc"])
        #expect(arguments.words == ["--debug=true", "--icc=true"])
        #expect(arguments.foreign.map(\.directive.key) == ["containerd", "userland-proxy", "init", "storage-driver"])
        #expect(arguments.foreign.map(\.value) == ["/run/c.sock", "false", "true", "vfs"])
    }

    /// What the table says, the parser takes, and it ends up under the table's key.
    @Test(arguments: Directive.all)
    func theParserKnowsEveryDirective(_ directive: Directive) throws {
        let value =
            switch directive.kind {
            case .boolean: "true"
            case .number: "1"
            case .text, .list: "x"
            case .pools: "base=10.0.0.0/8,size=24"
            case .driverOptions: "bridge=a=b"
            }
        var spellings = ["--\(directive.flag)=\(value)"]
        if let short = directive.short { spellings.append("-\(short)=\(value)") }
        for spelling in spellings {
            let options = try ServeOptions.parse(ServeArguments([spelling]).words)
            #expect(try options.directives().keys.sorted() == [directive.key], "\(spelling)")
        }
    }

    @Test func noNameIsInBothTables() {
        #expect(Set(Directive.byKey.keys).isDisjoint(with: ForeignDirective.byKey.keys))
        #expect(Set(Directive.byFlag.keys).isDisjoint(with: ForeignDirective.byFlag.keys))
    }

    @Test func compoundFlagsBecomeWhatTheFileHas() throws {
        let options = try ServeOptions.parse(
            ServeArguments([
                "--default-address-pool", "base=10.0.0.0/8,size=24", "--default-address-pool=size=64,base=fd00::/48",
                "--default-network-opt", "bridge=com.docker.network.driver.mtu=1400",
                "--default-network-opt=bridge=a=b=c", "--default-network-opt=null=x=",
            ]).words)
        let directives = try options.directives()
        #expect(
            directives["default-address-pools"] == [
                ["base": "10.0.0.0/8", "size": 24], ["base": "fd00::/48", "size": 64],
            ])
        #expect(
            directives["default-network-opts"] == [
                "bridge": ["com.docker.network.driver.mtu": "1400", "a": "b=c"], "null": ["x": ""],
            ])
    }

    @Test(arguments: [
        (["--default-address-pool=10.0.0.0/8"], "--default-address-pool: 10.0.0.0/8 in 10.0.0.0/8 is neither"),
        (
            ["--default-address-pool=base=10.0.0.0/8"],
            "--default-address-pool: base=10.0.0.0/8 must be base=SUBNET,size=LENGTH"
        ),
        (["--default-network-opt=bridge"], "--default-network-opt: bridge must be DRIVER=KEY=VALUE"),
        (["--icc=maybe"], "The value 'maybe' is invalid for '--icc <icc>'"),
        (["--nonsense"], "Unknown option '--nonsense'"),
        (["--dns", "1.1.1.1"], "--dns is not supported: there is no name resolution for containers yet"),
        (
            ["--firewall-backend=iptables"],
            "--firewall-backend=iptables is not supported: Fairlead's rules are in nftables"
        ),
        (["--iptables=false"], "--iptables=false is not supported"),
        (["--selinux-enabled"], "--selinux-enabled=true is not supported"),
        (["--cluster-store=x"], "--cluster-store is not supported"),
        (["--authorization-plugin=x"], "--authorization-plugin is not supported"),
        (["--userns-remap=default"], "--userns-remap=default is not supported"),
    ])
    func refusalsNameTheFlag(_ words: [String], _ expected: String) throws {
        #expect(try #require(refusal(words)).hasPrefix(expected))
    }

    @Test func whatChangesNothingIsAWarning() throws {
        let words = ["--storage-driver=vfs", "--firewall-backend=nftables", "--live-restore", "--exec-opt", "a=b"]
        let configuration = try configuration(words)
        #expect(
            configuration.warnings == [
                "--storage-driver changes nothing: Fairlead neither pulls nor stores images",
                "--firewall-backend=nftables changes nothing: it is so anyway",
                "--exec-opt changes nothing: Fairlead runs no processes in containers",
            ])
    }

    @Test func theNameOfTheExecutableDecides() {
        #expect(Invocation(["/usr/bin/dockerd", "-D"]).words == ["serve", "--debug=true"])
        #expect(Invocation(["/usr/bin/dockerd", "-D"]).program == .dockerd)
        #expect(Invocation(["fairlead", "serve", "-D"]).words == ["serve", "--debug=true"])
        #expect(Invocation(["fairlead", "exec", "a", "--", "ls", "-D"]).words == ["exec", "a", "--", "ls", "-D"])
    }
}
