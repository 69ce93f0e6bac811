import FoundationEssentials
import Glibc
import Testing

/// What `ip -j` says, so that our own reader isn't its own judge.
enum Oracle {
    struct Link: Decodable {
        struct Information: Decodable {
            struct Port: Decodable {
                let isolated: Bool?
                let hairpin: Bool?
            }

            let info_kind: String?
            let info_slave_data: Port?
        }

        let ifindex: Int32
        let ifname: String
        let flags: [String]
        let mtu: UInt32
        let group: String?
        let address: String?
        let ifalias: String?
        let master: String?
        let linkinfo: Information?
        let inet6_addr_gen_mode: String?

        var isUp: Bool { flags.contains("UP") }
    }

    struct Addresses: Decodable {
        struct Address: Decodable {
            let local: String?
            let prefixlen: Int?
            let scope: String?
            let broadcast: String?
            let tentative: Bool?
            let nodad: Bool?
        }

        let ifname: String?
        let addr_info: [Address]?
    }

    struct Route: Decodable {
        let dst: String
        let gateway: String?
        let dev: String
        let `protocol`: String
    }

    static func links(in namespace: String? = nil) throws -> [String: Link] {
        let links: [Link] = try decode(["ip", "-j", "-d", "link", "show"], namespace)
        return Dictionary(uniqueKeysWithValues: links.map { ($0.ifname, $0) })
    }

    /// The addresses of a link as `address/length`, without those the kernel gave it.
    static func addresses(of link: String, in namespace: String? = nil) throws -> [Addresses.Address] {
        let links: [Addresses] = try decode(["ip", "-j", "addr", "show", "dev", link], namespace)
        return links.flatMap { $0.addr_info ?? [] }
    }

    static func routes(in namespace: String? = nil, family: String = "-4") throws -> [Route] {
        try decode(["ip", family, "-N", "-j", "route", "show"], namespace)
    }

    static func neighbours(in namespace: String? = nil) throws -> String {
        try run(["ip", "neigh", "show", "nud", "permanent"], namespace)
    }

    /// Runs `ip` with the words of a sentence.
    static func ip(_ sentence: String, in namespace: String? = nil) throws {
        _ = try run(["ip"] + sentence.split(separator: " ").map(String.init), namespace)
    }

    private static func decode<Value: Decodable>(_ command: [String], _ namespace: String?) throws -> [Value] {
        let text = try run(command, namespace)
        return text.isEmpty ? [] : try JSONDecoder().decode([Value].self, from: Data(text.utf8))
    }

    struct Failure: Error {
        let command: [String]
        let status: Int32
        let output: String
    }

    /// Ten seconds at most.
    static func run(_ command: [String], _ namespace: String? = nil) throws -> String {
        let words = ["timeout", "10"] + (namespace.map { ["nsenter", "--net=\($0)"] } ?? []) + command
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(command: words, status: errno, output: "pipe") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let outcome = posix_spawnp(&process, "timeout", &actions, nil, &arguments, environ)
        close(ends[1])
        defer { close(ends[0]) }
        guard outcome == 0 else { throw Failure(command: words, status: outcome, output: "posix_spawn") }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            if count <= 0 { break }
            output += buffer[..<count]
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        let text = String(decoding: output, as: UTF8.self)
        guard status == 0 else { throw Failure(command: words, status: status >> 8, output: text) }
        return text
    }
}
