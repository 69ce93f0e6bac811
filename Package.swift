// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: language mode 6 (below), warnings are errors.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A Swift module in its layer's folder.
func module(
    _ name: String, in layer: String, needs: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: needs, path: "Sources/\(layer)/\(name)", resources: resources,
        swiftSettings: strict)
}

/// A Debian library as a Clang module.
func library(_ name: String, pkgConfig: String, debian: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([debian])])
}

func tests(_ name: String, needs: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name, dependencies: needs, path: "Tests/\(name)", resources: resources, swiftSettings: strict)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let persistentCollections = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

// Arrows point up this list only (DESIGN section 3); ArchitectureTests enforces it.
let core: [Target] = [
    module("Addressing", in: "Core"),
    module("JSON", in: "Core"),
    module("NetworkModel", in: "Core", needs: ["Addressing", orderedCollections]),
    module("IPAM", in: "Core", needs: ["Addressing", "NetworkModel"]),
    module("Dataplane", in: "Core", needs: ["Addressing"]),
    module("Firewall", in: "Core", needs: ["Addressing", "NetworkModel", "Dataplane"]),
    module("Drivers", in: "Core", needs: ["Addressing", "NetworkModel", "Dataplane"]),
]

let host: [Target] = [
    module("Steps", in: "Host"),
    module("Supervision", in: "Host", needs: ["CShims"]),
    module("Netlink", in: "Host", needs: ["Addressing", "Steps", "CNetlinkRoute"]),
    module("NFTables", in: "Host", needs: ["Addressing", "Dataplane", "Firewall", "Steps", "CNFTables"]),
    module(
        "Kernel", in: "Host",
        needs: ["Addressing", "Dataplane", "Firewall", "Netlink", "NFTables", "Steps", "CShims", log]),
    module(
        "Persistence", in: "Host", needs: ["Addressing", "NetworkModel", "Steps", grdb, orderedCollections, log],
        resources: [.embedInCode("../../../Migrations/0001_initial.sql")]),
    module("Runtime", in: "Host", needs: ["NetworkModel", "Dataplane", "Kernel"]),
]

let service: [Target] = [
    module("Telemetry", in: "Service", needs: ["JSON", "NetworkModel", log, metrics]),
    module("Reconciler", in: "Service", needs: ["Addressing", "Dataplane", "Netlink", "NFTables", "Kernel", log]),
    module(
        "Engine", in: "Service",
        needs: [
            "Addressing", "NetworkModel", "IPAM", "Dataplane", "Drivers", "Firewall", "Netlink", "Kernel",
            "Persistence", "Runtime", "Reconciler", persistentCollections, orderedCollections, deques, log,
        ]),
]

let api: [Target] = [
    module("HTTPMessage", in: "API"),
    module("HTTPServer", in: "API", needs: ["HTTPMessage", "CMicroHTTPD", "CShims", log]),
    module(
        "DockerAPI", in: "API",
        needs: [
            "Addressing", "JSON", "NetworkModel", "Engine", "HTTPMessage", "CRE2", orderedCollections, log,
        ]),
    module("FairleadAPI", in: "API", needs: ["JSON", "NetworkModel", "Dataplane", "Engine", "HTTPMessage"]),
    module("Client", in: "API", needs: ["CCurl", "CShims"]),
]

let c: [Target] = [
    library("CMicroHTTPD", pkgConfig: "libmicrohttpd gnutls", debian: "libmicrohttpd-dev"),
    library("CNetlinkRoute", pkgConfig: "libnl-route-3.0", debian: "libnl-route-3-dev"),
    library("CNFTables", pkgConfig: "libnftnl libmnl", debian: "libnftnl-dev"),
    library("CCurl", pkgConfig: "libcurl", debian: "libcurl4-openssl-dev"),
    library("CLibRE2", pkgConfig: "re2", debian: "libre2-dev"),
    .target(name: "CRE2", dependencies: ["CLibRE2"], path: "Sources/C/CRE2"),
    .target(name: "CShims", dependencies: ["CMicroHTTPD", "CNetlinkRoute", "CCurl"], path: "Sources/C/CShims"),
]

let daemonNeeds: [Target.Dependency] = [
    "Addressing", "JSON", "NetworkModel", "IPAM", "Steps", "Supervision", "Kernel", "Persistence", "Reconciler",
    "Engine", "Telemetry", "HTTPMessage", "HTTPServer", "DockerAPI", "FairleadAPI", "Client", "CShims", arguments,
    lifecycle, signals, log, metrics,
]
let daemon = Target.executableTarget(
    name: "fairlead", dependencies: daemonNeeds, path: "Sources/fairlead", swiftSettings: strict)

/// With this variable set (`scripts/fuzz` does), libFuzzer's targets stand in the place of daemon and suites; the daemon's
/// module is a library then.
let isFuzzing = Context.environment["FAIRLEAD_FUZZ"] != nil
let fuzzers: [Target] = [
    .target(
        name: "fairlead", dependencies: daemonNeeds, path: "Sources/fairlead", exclude: ["Main.swift"],
        swiftSettings: strict),
    .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(
        name: "fuzzers",
        dependencies: [
            "Addressing", "JSON", "NetworkModel", "Dataplane", "Firewall", "Netlink", "NFTables", "Kernel", "Engine",
            "HTTPServer", "DockerAPI", "FairleadAPI", "fairlead", "CNFTables", "CFuzzer",
        ],
        path: "Tests/Fuzz", exclude: ["Corpus", "CFuzzer"], swiftSettings: strict),
]

let suites: [Target] = [
    // What several suites use; no suite itself.
    .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
    tests("ArchitectureTests", needs: []),
    tests("AddressingTests", needs: ["Addressing", "TestKit"]),
    tests("JSONTests", needs: ["JSON", "TestKit"]),
    tests("NetworkModelTests", needs: ["Addressing", "NetworkModel"]),
    tests("IPAMTests", needs: ["Addressing", "NetworkModel", "IPAM", "TestKit"]),
    tests("DataplaneTests", needs: ["Addressing", "Dataplane", "TestKit"]),
    tests("DriversTests", needs: ["Addressing", "NetworkModel", "Dataplane", "Drivers"]),
    tests("FirewallTests", needs: ["Addressing", "NetworkModel", "Dataplane", "Firewall"]),
    tests("HTTPServerTests", needs: ["HTTPMessage", "HTTPServer", log]),
    tests(
        "PersistenceTests",
        needs: ["Addressing", "NetworkModel", "Persistence", "TestKit", orderedCollections, grdb, log]),
    tests(
        "EngineTests",
        needs: [
            "Addressing", "NetworkModel", "IPAM", "Dataplane", "Kernel", "Persistence", "Reconciler", "Engine",
            orderedCollections, log,
        ]),
    tests(
        "DockerAPITests",
        needs: [
            "Addressing", "JSON", "NetworkModel", "Engine", "HTTPMessage", "DockerAPI", "FairleadAPI",
            "TestKit", log,
        ]),
    tests(
        "CommandTests",
        needs: [
            "Addressing", "JSON", "NetworkModel", "IPAM", "Dataplane", "Kernel", "Engine", "Telemetry", "HTTPMessage",
            "HTTPServer", "FairleadAPI", "Client", "Supervision", "fairlead", log, metrics,
        ]),
    // Run in namespaces of their own: `make test` sees to it.
    tests(
        "KernelTests",
        needs: [
            "Addressing", "NetworkModel", "Dataplane", "Firewall", "Netlink", "NFTables", "Kernel", "Runtime", "CShims",
            log,
        ]),
]

let package = Package(
    name: "fairlead",
    products: [
        isFuzzing
            ? .executable(name: "fuzzers", targets: ["fuzzers"]) : .executable(name: "fairlead", targets: ["fairlead"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: core + host + service + api + c + (isFuzzing ? fuzzers : [daemon] + suites),
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
