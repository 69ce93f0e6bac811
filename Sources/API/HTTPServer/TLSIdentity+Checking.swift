internal import CShims

extension TLSIdentity {
    /// What is wrong with it, in GnuTLS's words; nil: it can be served with.
    public var problem: String? {
        let result = shim_tls_check(certificate, key, clientCA)
        guard result.error != 0 else { return nil }
        let part =
            switch result.part {
            case 1: "the certificate with its key"
            default: "the clients' CA"
            }
        return "\(part) can't be used: \(String(cString: result.text))"
    }
}
