public import Dataplane
public import Engine
public import NetworkModel

/// What the routes ask of the Engine. The Engine is the one that is used; tests bring their own.
public protocol FairleadEngine: Sendable {
    var snapshot: Snapshot { get }
    func plan() async throws(EngineError) -> Plan
}

extension Engine: FairleadEngine {}
