internal import Glibc

/// What the machine is, for `/info` and the log. Read once: only the host name and the online processors can change.
public struct HostFacts: Sendable, Hashable {
    /// The node name of uname(2).
    public var hostName: String
    /// The release of uname(2): `6.1.0-18-amd64`.
    public var kernelVersion: String
    /// The machine of uname(2): `x86_64`.
    public var architecture: String
    /// PRETTY_NAME of os-release(5).
    public var operatingSystem: String
    /// VERSION_ID of os-release(5); "" where the system has none.
    public var operatingSystemVersion: String
    /// Processors online.
    public var processors: Int
    /// In bytes.
    public var memory: Int64
    /// A UUID, new with every boot.
    public var bootID: String
    /// Of machine-id(5): stays; nil where the system has none.
    public var machineID: String?
    public var hasIPv6: Bool

    /// Reads them.
    ///
    /// - Throws: `SystemCallError` when `/proc` is not there.
    public static func read() throws(SystemCallError) -> HostFacts {
        var names = utsname()
        guard uname(&names) == 0 else { throw SystemCallError("uname", "", errno: errno) }
        let release = OSRelease.read()
        return HostFacts(
            hostName: text(names.nodename), kernelVersion: text(names.release), architecture: text(names.machine),
            operatingSystem: release["PRETTY_NAME"] ?? release["NAME"] ?? "Linux",
            operatingSystemVersion: release["VERSION_ID"] ?? "",
            processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            memory: Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))),
            bootID: try Sysctl.read("kernel/random/boot_id"), machineID: machineID(),
            hasIPv6: access("/proc/sys/net/ipv6", F_OK) == 0)
    }

    private static func machineID() -> String? {
        for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
            guard let line = try? TextFile.read(path).split(separator: "\n").first else { continue }
            if line.utf8.count == 32, line.allSatisfy(\.isHexDigit) { return String(line) }
        }
        return nil
    }

    /// A C array of characters, up to its NUL.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// os-release(5).
enum OSRelease {
    static func read() -> [String: String] {
        for path in ["/etc/os-release", "/usr/lib/os-release"] {
            if let text = try? TextFile.read(path) { return parse(text) }
        }
        return [:]
    }

    /// Lines of shell assignments. Values may be quoted; in double quotes a backslash protects `"`, `$`, `` ` `` and itself.
    static func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            values[String(line[..<equals])] = unquoted(line[line.index(after: equals)...])
        }
        return values
    }

    private static func unquoted(_ value: Substring) -> String {
        guard let quote = value.first, quote == "\"" || quote == "'", value.count >= 2, value.last == quote else {
            return String(value)
        }
        let inner = value.dropFirst().dropLast()
        guard quote == "\"" else { return String(inner) }
        var result = ""
        var isProtected = false
        for character in inner {
            if !isProtected, character == "\\" {
                isProtected = true
                continue
            }
            if isProtected, !"\"$`\\".contains(character) { result.append("\\") }
            result.append(character)
            isProtected = false
        }
        return result
    }
}
