/// A name that the kernel accepts for a network interface.
///
/// The rule is `dev_valid_name` in the kernel's net/core/dev.c: 1 to 15 bytes, not `.` or `..`, no `/`, no `:`, nothing
/// that its Latin-1 `isspace` takes for a space. A `%` is refused too: the kernel takes such a name for a template
/// (`eth%d`) and never keeps it as it is.
public struct InterfaceName: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let text: String

    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...15).contains(bytes.count), text != ".", text != "..", bytes.allSatisfy(Self.isAllowed) else {
            return nil
        }
        self.text = text
    }

    public var description: String { text }

    public static func < (left: InterfaceName, right: InterfaceName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "%"): false
        case 0x09...0x0D, 0x20, 0xA0: false
        default: true
        }
    }
}
