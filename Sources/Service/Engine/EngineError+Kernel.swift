import Kernel
import NetworkModel

extension EngineError {
    /// A kernel refusal in the kernel's words.
    init(kernel error: KernelError) {
        self.init(.system, error.description)
    }
}
