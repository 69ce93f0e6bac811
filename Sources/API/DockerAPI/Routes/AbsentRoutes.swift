import HTTPMessage
import JSON

/// Routes of what Fairlead doesn't have: images, volumes, plugins and swarms. Where clients only look around, the truth
/// is told: there are none.
enum AbsentRoutes {
    static let all = images + volumes + plugins + swarm + builds

    private static let images: [Route] = [
        .atOnce("GET", "/images/json", emptyArray),
        .atOnce("GET", "/images/search") { _ throws(APIError) in throw .notBuilt("searching images") },
        .atOnce("GET", "/images/get") { _ throws(APIError) in throw .notBuilt("exporting images") },
        .atOnce("GET", "/images/{name}/get") { _ throws(APIError) in throw .notBuilt("exporting images") },
        .atOnce("GET", "/images/{name}/history", noSuchImage),
        .atOnce("GET", "/images/{name}/json", noSuchImage),
        .atOnce("POST", "/images/load") { _ throws(APIError) in throw .notBuilt("loading images") },
        .atOnce("POST", "/images/create") { _ throws(APIError) in throw .notBuilt("pulling images") },
        .atOnce("POST", "/images/{name}/push") { _ throws(APIError) in throw .notBuilt("pushing images") },
        .atOnce("POST", "/images/{name}/tag", noSuchImage),
        .atOnce("POST", "/images/prune") { call in
            call.responses.json {
                $0.object {
                    $0.null("ImagesDeleted")
                    $0.field("SpaceReclaimed", 0)
                }
            }
        },
        .atOnce("DELETE", "/images/{name}", noSuchImage),
    ]

    private static let volumes: [Route] = [
        .atOnce("GET", "/volumes") { call in
            call.responses.json {
                $0.object {
                    $0.field("Volumes", [String]())
                    $0.null("Warnings")
                }
            }
        },
        .atOnce("GET", "/volumes/{name}", noSuchVolume),
        .atOnce("POST", "/volumes/create") { _ throws(APIError) in throw .notBuilt("creating volumes") },
        .atOnce("POST", "/volumes/prune") { call in
            call.responses.json {
                $0.object {
                    $0.null("VolumesDeleted")
                    $0.field("SpaceReclaimed", 0)
                }
            }
        },
        .atOnce("DELETE", "/volumes/{name}", noSuchVolume),
    ]

    private static let plugins: [Route] = [
        .atOnce("GET", "/plugins", emptyArray),
        .atOnce("GET", "/plugins/{name}/json") { call throws(APIError) in
            throw APIError(404, "plugin \(call.name.goQuoted) not found")
        },
        .atOnce("GET", "/plugins/privileges") { _ throws(APIError) in throw .notBuilt("plugins") },
        .atOnce("POST", "/plugins/{name}/enable") { _ throws(APIError) in throw .notBuilt("plugins") },
        .atOnce("POST", "/plugins/{name}/disable") { _ throws(APIError) in throw .notBuilt("plugins") },
        .atOnce("POST", "/plugins/pull") { _ throws(APIError) in throw .notBuilt("plugins") },
        .atOnce("POST", "/plugins/create") { _ throws(APIError) in throw .notBuilt("plugins") },
        .atOnce("DELETE", "/plugins/{name}") { call throws(APIError) in
            throw APIError(404, "plugin \(call.name.goQuoted) not found")
        },
    ]

    /// Exactly what clients ask of a daemon to find that it is in no swarm.
    private static let swarm: [Route] =
        ["/swarm", "/swarm/unlockkey"].map { .atOnce("GET", $0, noSwarm) }
        + ["init", "join", "leave", "update", "unlock"].map { .atOnce("POST", "/swarm/\($0)", noSwarm) }
        + ["nodes", "services", "tasks", "secrets", "configs"].flatMap {
            [.atOnce("GET", "/\($0)", noSwarm), .atOnce("GET", "/\($0)/{id}", noSwarm)]
        }
        + ["services", "secrets", "configs"].map { .atOnce("POST", "/\($0)/create", noSwarm) }
        + ["nodes", "services", "secrets", "configs"].flatMap {
            [.atOnce("POST", "/\($0)/{id}/update", noSwarm), .atOnce("DELETE", "/\($0)/{id}", noSwarm)]
        }

    private static let builds: [Route] = [
        .atOnce("POST", "/build") { _ throws(APIError) in throw .notBuilt("building images") },
        .atOnce("POST", "/build/prune") { call in
            call.responses.json {
                $0.object {
                    $0.null("CachesDeleted")
                    $0.field("SpaceReclaimed", 0)
                }
            }
        },
        .atOnce("POST", "/commit") { _ throws(APIError) in throw .notBuilt("committing containers") },
        .atOnce("POST", "/auth") { _ throws(APIError) in throw .notBuilt("logging in to a registry") },
        .atOnce("GET", "/distribution/{name}/json") { _ throws(APIError) in throw .notBuilt("asking a registry") },
        .atOnce("POST", "/session") { _ throws(APIError) in throw .notBuilt("BuildKit sessions") },
        .atOnce("POST", "/grpc") { _ throws(APIError) in throw .notBuilt("BuildKit sessions") },
    ]

    private static func emptyArray(_ call: Call) throws(APIError) -> Response {
        call.responses.json { $0.array { _ in } }
    }

    private static func noSuchImage(_ call: Call) throws(APIError) -> Response {
        throw APIError(404, "No such image: \(ImageName.familiar(call.name))")
    }

    private static func noSuchVolume(_ call: Call) throws(APIError) -> Response {
        throw APIError(404, "get \(call.name): no such volume")
    }

    private static func noSwarm(_ call: Call) throws(APIError) -> Response {
        throw APIError(503, "This node is not part of a swarm")
    }
}

/// Names of images as Docker prints them.
enum ImageName {
    /// With `:latest` where neither tag nor digest is given.
    static func familiar(_ name: String) -> String {
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return name.contains("@") || last.contains(":") ? name : name + ":latest"
    }
}
