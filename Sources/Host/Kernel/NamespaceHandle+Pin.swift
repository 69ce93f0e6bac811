import CShims
public import Dataplane
import Glibc
import Steps

/// Pins: namespaces of ours, each kept by a bind mount on a file, like those of ip-netns(8).
///
/// Plain bind mounts in whatever mount the directory lies in: where that is shared (systemd's default) mounting and
/// unmounting propagate, and elsewhere the unlink takes along the copies that other mount namespaces inherited
/// (fs/namei.c, `detach_mounts`). So no mount of anybody else's has to change its propagation.
extension NamespaceHandle {
    /// Makes a namespace and pins it. `lo` is there, down. Parent directories are made, mode 0755.
    ///
    /// Only on a thread of `BlockingThreads` or `SerialThread`.
    ///
    /// - Throws: EEXIST when a namespace is pinned there already, else what the kernel says; nothing is left behind.
    public static func create(_ pin: NamespacePin) throws(NamespaceError) {
        assert(shim_thread_is_dedicated(), "only a thread made for it may change its namespace")
        try makeDirectories(above: pin.path)
        // An empty file can be the rest of an attempt that was cut short: it is used.
        let file = StepGate.step(.file, "create \(pin.path)") {
            open(pin.path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o444)
        }
        guard file >= 0 else { throw .system(SystemCallError("open", pin.path, errno: errno)) }
        close(file)
        guard shim_is_namespace_file(pin.path) == 0 else {
            throw .system(SystemCallError("mount", pin.path, errno: EEXIST))
        }
        let outcome = StepGate.step(.mount, pin.path) { shim_create_pinned_namespace(pin.path) }
        guard outcome == 0 else {
            remove(file: pin.path)
            throw .system(SystemCallError("mount", pin.path, errno: -outcome))
        }
    }

    /// Unmounts and unlinks a pin; one that is gone already is no error. The namespace ends with its last user.
    ///
    /// - Throws: EBUSY for a file that is neither a pin nor the rest of one, else what the kernel says.
    public static func remove(_ pin: NamespacePin) throws(NamespaceError) {
        while true {
            let found = shim_is_namespace_file(pin.path)
            if found == -ENOENT || found == -ENOTDIR { return }
            if found < 0 { throw .system(SystemCallError("open", pin.path, errno: -found)) }
            if found == 0 { break }
            let outcome = StepGate.step(.unmount, pin.path) { shim_detach_mount(pin.path) }
            if outcome < 0 { throw .system(SystemCallError("umount", pin.path, errno: -outcome)) }
        }
        guard isRest(pin.path) else { throw .system(SystemCallError("unlink", pin.path, errno: EBUSY)) }
        let outcome = remove(file: pin.path)
        guard outcome == 0 || outcome == ENOENT else {
            throw .system(SystemCallError("unlink", pin.path, errno: outcome))
        }
    }

    /// The pins in a directory, sorted; none when there is no such directory.
    public static func pins(in directory: String) throws(NamespaceError) -> [NamespacePin] {
        try entries(of: directory).filter { shim_is_namespace_file($0) == 1 }.map(NamespacePin.init(path:))
    }

    /// Whether a namespace is pinned there.
    static func isPinned(_ pin: NamespacePin) -> Bool { shim_is_namespace_file(pin.path) == 1 }

    /// Unlinks what a creation or removal that was cut short left behind: empty files without a namespace.
    ///
    /// - Returns: Their paths.
    public static func clearRests(in directory: String) throws(NamespaceError) -> [String] {
        try entries(of: directory).filter { shim_is_namespace_file($0) == 0 && isRest($0) && remove(file: $0) == 0 }
    }

    /// unlink(2): 0, or errno.
    @discardableResult
    private static func remove(file path: String) -> Int32 {
        StepGate.step(.file, "unlink \(path)") { unlink(path) == 0 ? 0 : errno }
    }

    private static func isRest(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size == 0
    }

    private static func entries(of directory: String) throws(NamespaceError) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw .system(SystemCallError("opendir", directory, errno: errno))
        }
        defer { closedir(stream) }
        var paths: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { paths.append("\(directory)/\(name)") }
        }
        return paths.sorted()
    }

    private static func makeDirectories(above path: String) throws(NamespaceError) {
        for end in path.indices.dropFirst() where path[end] == "/" {
            let directory = String(path[..<end])
            // Looked for first, since making what exists is no step.
            if access(directory, F_OK) == 0 { continue }
            let outcome = StepGate.step(.file, "mkdir \(directory)") {
                guard mkdir(directory, 0o755) == 0 else { return errno }
                // The process's umask may have taken bits away; everybody must be able to reach the pins.
                return chmod(directory, 0o755) == 0 ? 0 : errno
            }
            guard outcome == 0 || outcome == EEXIST else {
                throw .system(SystemCallError("mkdir", directory, errno: outcome))
            }
        }
    }
}
