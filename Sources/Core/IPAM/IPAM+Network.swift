public import Addressing
public import NetworkModel

extension IPAM {
    /// Everything one entry of a network's configuration asks for, or nothing: subnet, then gateway (where the user
    /// named one or the driver needs one), then auxiliary addresses, with the refusals of `docker network create`
    /// (docker-network-api 2.4, "Allocation errors"). Without an entry the pool is dynamic.
    public mutating func allocate(
        _ family: AddressFamily, config: IPAMConfig?, needsGateway: Bool, scope: String = "local",
        host: HostAddressing = HostAddressing()
    ) throws(EngineError) -> Pool {
        let subnet = try requestPool(
            family: family, subnet: config?.subnet, range: config?.range, scope: scope, host: host)
        var pool = Pool(subnet: subnet, range: config?.range?.masked, isStatic: config?.subnet != nil)
        do {
            if needsGateway || config?.gateway != nil {
                pool.gateway = try requestGateway(in: pool, preferred: config?.gateway)
            }
            for (name, address) in (config?.auxiliaryAddresses ?? [:]).sorted(by: { $0.key < $1.key }) {
                try requestAuxiliary(name, address, in: pool)
                pool.auxiliaryAddresses[name] = address
            }
        } catch {
            release(pool)
            throw error
        }
        return pool
    }

    /// Takes again what a stored network has. Nothing stays taken when something of it is refused.
    public mutating func restore(_ pool: Pool) throws(EngineError) {
        try restorePool(subnet: pool.subnet, range: pool.range)
        var restored = Pool(subnet: pool.subnet, range: pool.range, isStatic: pool.isStatic)
        do {
            if let gateway = pool.gateway { restored.gateway = try requestGateway(in: restored, preferred: gateway) }
            for (name, address) in pool.auxiliaryAddresses.sorted(by: { $0.key < $1.key }) {
                try requestAuxiliary(name, address, in: restored)
                restored.auxiliaryAddresses[name] = address
            }
        } catch {
            release(restored)
            throw error
        }
    }

    /// Gives back a network's pool with its gateway and auxiliary addresses.
    public mutating func release(_ pool: Pool) {
        for address in pool.auxiliaryAddresses.values { releaseAddress(address, in: pool.subnet) }
        if let gateway = pool.gateway { releaseAddress(gateway, in: pool.subnet) }
        releasePool(subnet: pool.subnet, range: pool.range)
    }

    private mutating func requestGateway(in pool: Pool, preferred: IPAddress?) throws(EngineError) -> IPAddress {
        do {
            return try requestAddress(in: pool.subnet, range: pool.range, preferred: preferred)
        } catch {
            let gateway = preferred.map(\.description) ?? ""
            throw EngineError(.system, "failed to allocate gateway (\(gateway)): \(error.message)")
        }
    }

    private mutating func requestAuxiliary(
        _ name: String, _ address: IPAddress, in pool: Pool
    ) throws(EngineError) {
        guard pool.subnet.contains(address) else {
            throw EngineError(
                .forbidden, "auxiliary address: (\(name):\(address)) must belong to the master pool: \(pool.subnet)")
        }
        do {
            _ = try requestAddress(in: pool.subnet, preferred: address)
        } catch {
            throw EngineError(
                .system, "failed to allocate secondary ip address (\(name):\(address)): \(error.message)")
        }
    }
}
