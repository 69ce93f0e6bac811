import Testing

/// DESIGN section 3: arrows point up the list Core, Host, Service, API, fairlead, and nowhere else.
struct DependencyTests {
    let package: PackageDescription

    init() throws { package = try PackageDescription.current.get() }

    /// Layers that a layer may know.
    static let below: [String: Set<String>] = [
        "Core": ["Core"],
        "Host": ["Core", "Host", "C"],
        "Service": ["Core", "Host", "Service"],
        "API": ["Core", "Service", "API", "C"],
    ]

    /// Modules that know less than their layer may.
    static let narrower: [String: Set<String>] = [
        "HTTPMessage": [],
        "HTTPServer": ["HTTPMessage", "CMicroHTTPD", "CShims"],
        "Client": ["CCurl", "CShims"],
    ]

    /// The C modules that each Swift module may touch; those not named here touch none.
    static let c: [String: Set<String>] = [
        "Netlink": ["CNetlinkRoute", "CShims"],
        "NFTables": ["CNFTables", "CShims"],
        "Kernel": ["CConntrack", "CShims"],
        "Runtime": ["CShims"],
        "Supervision": ["CShims"],
        "HTTPServer": ["CMicroHTTPD", "CShims"],
        "DockerAPI": ["CRE2"],
        "Client": ["CCurl", "CShims"],
        "fairlead": ["CShims"],
    ]

    /// Who may use a package that is not for everyone.
    static let products: [String: Set<String>] = [
        "GRDB": ["Persistence"],
        "ArgumentParser": ["fairlead"],
        "ServiceLifecycle": ["fairlead"],
    ]

    var modules: [PackageDescription.Target] {
        package.targets.filter { $0.type != "test" && $0.type != "system" && $0.isSwift }
    }

    @Test func theHouseIsComplete() {
        let expected: [String: [String]] = [
            "Core": ["Addressing", "JSON", "NetworkModel", "IPAM", "Dataplane", "Drivers", "Firewall"],
            "Host": ["Netlink", "NFTables", "Kernel", "Persistence", "Runtime", "Supervision"],
            "Service": ["Reconciler", "Engine", "Telemetry"],
            "API": ["HTTPMessage", "HTTPServer", "DockerAPI", "FairleadAPI", "Client"],
        ]
        for (layer, names) in expected {
            for name in names {
                #expect(package.target(name)?.layer == layer, "\(name) belongs under Sources/\(layer)")
            }
        }
        #expect(package.target("fairlead")?.type == "executable")
    }

    @Test func arrowsPointUp() throws {
        for module in modules {
            guard let layer = module.layer else { continue }
            let allowed = try #require(Self.below[layer], "\(module.name) is in no known layer: \(module.path)")
            for name in module.targetNames {
                let other = try #require(package.target(name), "\(module.name) needs \(name), which is no target")
                let itsLayer = try #require(other.layer, "\(module.name) (\(layer)) knows \(name)")
                #expect(allowed.contains(itsLayer), "\(module.name) (\(layer)) knows \(name) (\(itsLayer))")
            }
        }
    }

    @Test func someKnowLess() throws {
        for (name, allowed) in Self.narrower {
            let module = try #require(package.target(name))
            let excess = Set(module.targetNames).subtracting(allowed)
            #expect(excess.isEmpty, "\(name) knows \(excess.sorted())")
        }
        for name in ["DockerAPI", "FairleadAPI"] {
            let module = try #require(package.target(name))
            #expect(!module.targetNames.contains("HTTPServer"), "\(name) knows an HTTP library")
        }
    }

    @Test func onlyTheCommandKnowsTelemetry() {
        for module in modules where module.name != "fairlead" {
            #expect(!module.targetNames.contains("Telemetry"), "\(module.name) knows Telemetry")
        }
    }

    @Test func cStaysWhereItIsWrapped() {
        let cModules = Set(package.targets.filter { $0.layer == "C" }.map(\.name))
        for module in modules {
            let excess = Set(module.targetNames).intersection(cModules).subtracting(Self.c[module.name] ?? [])
            #expect(excess.isEmpty, "\(module.name) touches \(excess.sorted())")
        }
    }

    @Test func packagesStayWhereTheyBelong() {
        for module in modules {
            for (product, users) in Self.products where module.productNames.contains(product) {
                #expect(users.contains(module.name), "\(module.name) uses \(product)")
            }
            if module.layer == "Core" {
                let excess = module.productNames.filter { !["OrderedCollections", "HashTreeCollections"].contains($0) }
                #expect(excess.isEmpty, "\(module.name) is values and functions, but uses \(excess)")
            }
        }
    }
}
