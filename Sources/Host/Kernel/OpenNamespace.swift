/// A namespace that stays open as long as somebody holds this.
final class OpenNamespace: Sendable {
    private let handle: NamespaceHandle

    init(_ handle: consuming NamespaceHandle) { self.handle = handle }

    var descriptor: Int32 { handle.descriptor }

    /// See `NamespaceHandle.withEntered`.
    func withEntered<T: ~Copyable>(_ body: () throws -> T) throws -> T { try handle.withEntered(body) }
}
