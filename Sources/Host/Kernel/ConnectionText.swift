internal import Addressing
internal import Glibc

/// `/proc/net/nf_conntrack`: netlink locks each place of the kernel's table for a dump, 10 ms for the usual 262,144; this
/// file goes over them without, in a fiftieth of that. Good enough to see that there is nothing to delete, as is most often
/// the case.
enum ConnectionText {
    private static let path = "/proc/thread-self/net/nf_conntrack"
    /// Above so many connections two readings take longer than the dump. Each bridge alone has one, of IGMP.
    private static let limit = 4000

    /// Whether the calling thread's namespace, which has `count` connections, certainly follows none of these addresses.
    /// False as well where that isn't known: the kernel may have been built without the file.
    static func shows(_ count: Int, noneOf addresses: Set<IPAddress>) -> Bool {
        guard count <= limit, let first = Reading() else { return false }
        if first.names(anyOf: addresses) { return false }
        // One read is one pass. Between two, an entry can slip by when its neighbour goes: a second look sees it.
        if first.reads <= 1 { return true }
        guard let second = Reading() else { return false }
        return !second.names(anyOf: addresses)
    }

    /// Whether lines such as `… src=172.18.0.1 dst=224.0.0.22 …` name any of the addresses, in either direction.
    static func names(_ text: [UInt8], anyOf addresses: Set<IPAddress>) -> Bool {
        let wanted = addresses.map(written)
        var rest = text[...]
        while let sign = rest.firstIndex(of: UInt8(ascii: "=")) {
            let key = rest[..<sign].suffix(3)
            rest = rest[(sign + 1)...]
            guard key.elementsEqual("src".utf8) || key.elementsEqual("dst".utf8) else { continue }
            let value = rest.prefix { $0 != UInt8(ascii: " ") }
            rest = rest[value.endIndex...]
            if wanted.contains(where: value.elementsEqual) { return true }
        }
        return false
    }

    /// As the kernel writes it: IPv6 in full (`%pI6`, Documentation/core-api/printk-formats.rst).
    private static func written(_ address: IPAddress) -> [UInt8] {
        if address.family == .ipv4 { return Array(address.description.utf8) }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (place, byte) in address.bytes.enumerated() {
            if place > 0, place.isMultiple(of: 2) { text.append(UInt8(ascii: ":")) }
            text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return text
    }

    private struct Reading {
        private var text: [UInt8] = []
        private(set) var reads = 0

        init?() {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = read(file, &buffer, buffer.count)
                if count == 0 { return }
                if count > 0 {
                    text += buffer[..<count]
                    reads += 1
                } else if errno != EINTR {
                    return nil
                }
            }
        }

        func names(anyOf addresses: Set<IPAddress>) -> Bool { ConnectionText.names(text, anyOf: addresses) }
    }
}
