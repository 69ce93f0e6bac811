import Addressing
import HTTPServer
import IPAM
import JSON
import Logging
import Testing

@testable import fairlead

struct ConfigurationTests {
    @Test func defaultsOfFairlead() throws {
        let configuration = try configuration()
        #expect(configuration.hosts == [.unix(path: "/run/fairlead/fairlead.sock")])
        #expect(configuration.dataRoot == "/var/lib/fairlead")
        #expect(configuration.execRoot == "/run/fairlead")
        #expect(configuration.pidFile == "/run/fairlead/fairlead.pid")
        #expect(configuration.group == .preferred("docker"))
        #expect(configuration.logLevel == .info)
        #expect(configuration.tls == nil)
        #expect(configuration.minimumAPIVersion == "1.24")
        #expect(configuration.keepsContainers)
        #expect(configuration.engine.defaultBridge.interface == "fairlead0")
        #expect(configuration.engine.defaultAddressPools == nil)
    }

    @Test func defaultsOfDockerd() throws {
        let configuration = try configuration(program: .dockerd)
        #expect(configuration.hosts == [.unix(path: "/var/run/docker.sock")])
        #expect(configuration.dataRoot == "/var/lib/fairlead")
        #expect(configuration.engine.defaultBridge.interface == "docker0")
        #expect(!configuration.keepsContainers)
        #expect(try fairleadTestConfiguration(["--live-restore"], .dockerd).keepsContainers)
    }

    @Test func everyKeyOfTheFileArrives() throws {
        let configuration = try configuration(
            file: """
                {"hosts": ["tcp://127.0.0.1:1", "unix:///a", "unix:///a"], "data-root": "/d/", "exec-root": "/e",
                 "pidfile": "/p", "group": "g", "debug": true, "log-level": "warn", "log-format": "json",
                 "labels": ["a=1", "b=", "a=1"], "bip": "10.1.0.1/24", "bip6": "fd00::1/64",
                 "fixed-cidr": "10.1.0.128/25", "fixed-cidr-v6": "fd00::/80", "default-gateway": "10.1.0.9",
                 "default-gateway-v6": "fd00::9", "default-address-pools": [{"base": "10.0.0.0/8", "size": 24}],
                 "default-network-opts": {"bridge": {"x": "y"}}, "mtu": 1400, "icc": false, "ip": "192.0.2.1",
                 "ipv6": true, "ip-masq": false, "ip-forward": false, "ip-forward-no-drop": true,
                 "min-api-version": "1.40", "storage-driver": "vfs", "tlsverify": null}
                """)
        #expect(configuration.hosts == [.tcp(host: "127.0.0.1", port: 1), .unix(path: "/a")])
        #expect([configuration.dataRoot, configuration.execRoot, configuration.pidFile] == ["/d", "/e", "/p"])
        #expect(configuration.group == .required("g"))
        #expect(configuration.logLevel == .debug, "debug wins over a higher level")
        #expect(configuration.logFormat == .json)
        #expect(configuration.minimumAPIVersion == "1.40")
        #expect(configuration.tls == nil)
        let engine = configuration.engine
        #expect(engine.labels == ["a=1", "b="])
        #expect(engine.defaultNetworkOptions == ["bridge": ["x": "y"]])
        #expect(engine.defaultAddressPools == [try DefaultPool(base: try IPPrefix.parse("10.0.0.0/8"), size: 24)])
        #expect(!engine.ipForward && engine.ipForwardNoDrop && engine.isDebug)
        let bridge = engine.defaultBridge
        #expect(
            bridge.gateways[.ipv4]?.description == "10.1.0.1/24" && bridge.gateways[.ipv6]?.description == "fd00::1/64")
        #expect(
            bridge.ranges[.ipv4]?.description == "10.1.0.128/25" && bridge.ranges[.ipv6]?.description == "fd00::/80")
        #expect(
            bridge.containerGateways[.ipv4]?.description == "10.1.0.9"
                && bridge.containerGateways[.ipv6]?.description == "fd00::9")
        #expect(bridge.mtu == 1400 && !bridge.enableICC && bridge.enableIPv6 && !bridge.enableMasquerade)
        #expect(bridge.hostBinding?.description == "192.0.2.1")
        #expect(
            configuration.warnings == [
                "/etc/daemon.json: storage-driver changes nothing: Fairlead neither pulls nor stores images"
            ])
    }

    @Test(arguments: [
        ("{", "/etc/daemon.json, line 1, column 2: unexpected end of JSON input"),
        (
            "{\n  \"icc\": true,\n}",
            "/etc/daemon.json, line 3, column 1: invalid character '}' looking for beginning of object key string"
        ),
        ("[]", "/etc/daemon.json: a JSON object is expected"),
        (#"{"nonsense": 1}"#, "/etc/daemon.json: nonsense: neither Fairlead nor dockerd knows it"),
        (#"{"host": "a"}"#, "/etc/daemon.json: host: in the file, --host is called hosts"),
        (#"{"ICC": true}"#, "/etc/daemon.json: ICC: neither Fairlead nor dockerd knows it"),
        (#"{"icc": "no"}"#, "/etc/daemon.json: icc: expected true or false"),
        (#"{"mtu": 1.5}"#, "/etc/daemon.json: mtu: expected a whole number"),
        (#"{"bip": 1}"#, "/etc/daemon.json: bip: expected a string"),
        (#"{"hosts": "a"}"#, "/etc/daemon.json: hosts: expected an array of strings"),
        (
            #"{"default-address-pools": [{"base": "10.0.0.0/8"}]}"#,
            "/etc/daemon.json: default-address-pools: expected an array of objects with the members base (a string) and size (a number)"
        ),
        (
            #"{"default-network-opts": {"bridge": 1}}"#,
            "/etc/daemon.json: default-network-opts: expected an object of objects of strings"
        ),
        (
            #"{"dns": ["1.1.1.1"]}"#,
            "/etc/daemon.json: dns is not supported: there is no name resolution for containers yet"
        ),
        (#"{"bip": "10.0.0.1"}"#, #"/etc/daemon.json: bip: netip.ParsePrefix("10.0.0.1"): no '/'"#),
        (#"{"bip6": "10.0.0.1/8"}"#, "/etc/daemon.json: bip6: 10.0.0.1/8 is not an IPv6 prefix"),
        (#"{"default-gateway": "fd00::1"}"#, "/etc/daemon.json: default-gateway: fd00::1 is not an IPv4 address"),
        (#"{"mtu": 10}"#, "/etc/daemon.json: mtu: invalid default MTU: 10"),
        (#"{"log-level": "loud"}"#, "/etc/daemon.json: log-level: invalid logging level: loud"),
        (#"{"log-format": "xml"}"#, "/etc/daemon.json: log-format: invalid log format: xml"),
        (#"{"labels": ["a"]}"#, "/etc/daemon.json: labels: bad attribute format: a"),
        (#"{"labels": ["a=1", "a=2"]}"#, "/etc/daemon.json: labels: conflict labels for a=2 and a=1"),
        (
            #"{"hosts": ["ftp://x"]}"#,
            "/etc/daemon.json: hosts: invalid bind address (ftp://x): unsupported proto 'ftp'"
        ),
        (#"{"data-root": "x"}"#, "/etc/daemon.json: data-root: x is not an absolute path"),
        (
            #"{"min-api-version": "1.23"}"#,
            "/etc/daemon.json: min-api-version: 1.23 is not an API version between 1.24 and 1.56"
        ),
        (
            #"{"bridge": "br0", "bip": "10.0.0.1/8"}"#,
            "/etc/daemon.json: bridge and /etc/daemon.json: bip exclude each other: a bridge of your own has its own address"
        ),
        (
            #"{"default-address-pools": [{"base": "10.0.0.0/24", "size": 8}]}"#,
            "/etc/daemon.json: default-address-pools: invalid default address pool base=10.0.0.0/24,size=8: the size must be between 24 and 32"
        ),
    ])
    func refusalsNameFileKeyAndReason(_ file: String, _ expected: String) {
        #expect(refusal(file: file) == expected)
    }

    /// dockerd's words (moby `daemon/config`, findConfigurationConflicts).
    @Test func aDirectiveIsGivenOnce() {
        #expect(
            refusal(
                ["--debug", "-H", "unix:///a", "--icc"], file: #"{"debug": false, "hosts": ["unix:///b", "fd://"]}"#)
                == "unable to configure the daemon with file /etc/daemon.json: the following directives are specified both "
                + "as a flag and in the configuration file: debug: (from flag: true, from file: false), "
                + "hosts: (from flag: [unix:///a], from file: [unix:///b fd://])")
    }

    @Test func aFlagRefusalNamesTheFlag() {
        #expect(refusal(["--bip=x"]) == #"--bip: netip.ParsePrefix("x"): no '/'"#)
        #expect(refusal(["--label=x"]) == "--label: bad attribute format: x")
        #expect(
            refusal(["-b", "sixteen-letters-"]) == "--bridge: sixteen-letters- is not a name for an interface")
    }

    @Test func tlsVerifyImpliesTLSAndItsFiles() throws {
        let environment = ["HOME": "/home/o", "DOCKER_CERT_PATH": ""]
        let verified = try configuration(
            ["--tlsverify", "--tlskey=/k", "-H", "tcp://192.0.2.1"], environment: environment)
        #expect(
            verified.tls
                == .init(authority: "/home/o/.docker/ca.pem", certificate: "/home/o/.docker/cert.pem", key: "/k"))
        #expect(verified.hosts == [.tcp(host: "192.0.2.1", port: 2376)])
        let plain = try configuration(["--tls"], environment: ["DOCKER_CERT_PATH": "/c"])
        #expect(plain.tls == .init(authority: nil, certificate: "/c/cert.pem", key: "/c/key.pem"))
        #expect(
            try configuration(["--tls=false", "-H=tcp://127.0.0.1"]).hosts == [.tcp(host: "127.0.0.1", port: 2375)])
    }

    @Test func theMinimumVersionMayComeFromTheEnvironment() throws {
        let environment = ["DOCKER_MIN_API_VERSION": "1.30"]
        #expect(try configuration(environment: environment).minimumAPIVersion == "1.30")
        #expect(try configuration(["--min-api-version=1.41"], environment: environment).minimumAPIVersion == "1.41")
        #expect(
            refusal(environment: ["DOCKER_MIN_API_VERSION": "2"])
                == "DOCKER_MIN_API_VERSION: 2 is not an API version between 1.24 and 1.56")
    }

    @Test func reloadTellsWhatAppliesAndWhatNeedsARestart() throws {
        let before = try configuration(["--icc"], file: #"{"debug": false, "mtu": 1400}"#)
        let after = try configuration(["--icc"], file: #"{"debug": true, "ipv6": true, "log-format": "json"}"#)
        let (applied, restart, inForce) = after.changes(from: before.directives)
        #expect(applied == ["debug", "log-format"])
        #expect(restart == ["ipv6", "mtu"])
        // What waits for a restart doesn't hide that the rest goes back to what it was.
        let again = before.changes(from: inForce)
        #expect(again.applied == ["debug", "log-format"])
        #expect(again.restart == [])
        #expect(again.inForce == before.directives)
    }

    @Test func theExampleIsRight() throws {
        let example = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try ConfigurationFile(path: "/\(example)/packaging/daemon.json", isRequired: true)
        let configuration = try DaemonConfiguration(program: .fairlead, flags: [:], file: file, environment: [:])
        #expect(configuration.warnings == [])
        #expect(configuration.engine.defaultAddressPools?.count == 2)
    }

    @Test func aFileThatIsNotThere() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/daemon.json"
        #expect(try ConfigurationFile(path: path, isRequired: false).directives.isEmpty)
        #expect(throws: ConfigurationError("\(path): no such file")) {
            try ConfigurationFile(path: path, isRequired: true)
        }
        let there = try folder.write("there.json", "\u{FEFF}{\"icc\": false}")
        #expect(try ConfigurationFile(path: there, isRequired: true).directives == ["icc": false])
        #expect(throws: ConfigurationError("\(folder.path): Is a directory")) {
            try ConfigurationFile(path: folder.path, isRequired: false)
        }
    }
}

private func fairleadTestConfiguration(_ words: [String], _ program: Program) throws -> DaemonConfiguration {
    try configuration(words, program: program)
}
