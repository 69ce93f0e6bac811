import Dataplane
import Kernel
import NetworkModel

extension EngineError {
    /// A kernel refusal in the kernel's words.
    init(kernel error: KernelError) {
        self.init(.system, error.description)
    }
}

extension KernelError {
    /// Whether the refused step was about this endpoint's links.
    func concerns(_ endpoint: Endpoint, in sandbox: Sandbox) -> Bool {
        let links = [LinkID(endpoint.hostInterface), LinkID(endpoint.interface, in: sandbox.namespace)]
        return switch step?.action {
        case .createLink(let link, _)?, .changeLink(_, let link)?: links.contains(link.id)
        case .setUp(let id)?: links.contains(id)
        case .addAddress(let address)?: links.contains(address.link)
        case .setRoute(let route)?: links.contains(LinkID(route.device, in: route.id.namespace))
        case .writeSysctl(let id, _, _)?:
            links.contains { id.namespace == $0.namespace && id.path.contains("/\($0.name)/") }
        default: false
        }
    }
}
