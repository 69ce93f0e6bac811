internal import Synchronization

/// What a server has made of a response that goes out again and again, such as a cached answer: made once, with the first
/// request. Belongs to one status, one list of header fields and one body.
public final class KeptForm: Sendable {
    private let form = Mutex<(any AnyObject & Sendable)?>(nil)

    public init() {}

    /// The form, made by `make` unless it is there; nil when `make` can't.
    public func value<Form: AnyObject & Sendable>(_ make: () -> Form?) -> Form? {
        form.withLock { form in
            if let made = form as? Form { return made }
            let made = make()
            form = made
            return made
        }
    }
}
