/// Whose a part of the desired state is: the unit in which it is replaced.
public enum Owner: Sendable, Hashable {
    /// The table, forwarding: what is there without any network.
    case host
    case network(String)
    case endpoint(String)
    /// A container's namespace, its `lo` and its default routes.
    case container(String)
}
