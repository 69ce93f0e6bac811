internal import Addressing
internal import Glibc

/// `/proc/net/nf_conntrack`: netlink locks each place of the kernel's table for a dump, 10 ms for the usual 262,144; this
/// file goes over them without, in a fiftieth of that. Good enough to see that there is nothing to delete, as is most often
/// the case.
enum ConnectionText {
    private static let path = "/proc/thread-self/net/nf_conntrack"
    /// Above so many connections the text takes longer than the dump.
    private static let limit = 1000

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

    /// The addresses in lines such as `… src=172.18.0.1 dst=224.0.0.22 …`, both directions.
    static func addresses(in text: some Sequence<UInt8>) -> Set<IPAddress> {
        var found: Set<IPAddress> = []
        for word in Array(text).split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") })
        where word.starts(with: "src=".utf8) || word.starts(with: "dst=".utf8) {
            if let address = IPAddress(String(decoding: word.dropFirst(4), as: UTF8.self)) { found.insert(address) }
        }
        return found
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

        func names(anyOf addresses: Set<IPAddress>) -> Bool {
            !ConnectionText.addresses(in: text).isDisjoint(with: addresses)
        }
    }
}
