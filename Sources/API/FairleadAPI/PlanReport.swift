public import Dataplane
public import JSON

/// What `GET /fairlead/v1/plan` answers: the steps a reconcile would take, first to last.
public struct PlanReport: Sendable, Hashable {
    /// One step in words; the field names are the API's.
    public struct Step: Sendable, Hashable {
        /// What is done, in one or two words: `create`, `add element`.
        public let action: String
        /// What it is done to: `bridge br-0123456789ab`.
        public let object: String
        /// Why.
        public let reason: String

        public init(action: String, object: String, reason: String) {
            self.action = action
            self.object = object
            self.reason = reason
        }
    }

    public let steps: [Step]

    public init(steps: [Step]) {
        self.steps = steps
    }

    public init(_ plan: Plan) {
        steps = plan.steps.map { step in
            let text = "\(step.action)"
            let verb = step.action.verb
            let object = text.hasPrefix(verb + " ") ? String(text.dropFirst(verb.utf8.count + 1)) : text
            return Step(action: verb, object: object, reason: step.reason)
        }
    }

    /// Reads an answer.
    ///
    /// - Throws: what is wrong with it.
    public init(_ bytes: [UInt8]) throws(JSONError) {
        let context = DecodeContext()
        let reader = StructReader(try JSON.parse(bytes), goType: "PlanReport", context: context)
        let steps = reader.objectArray("steps", of: "Step") { step in
            Step(
                action: step.string("action") ?? "", object: step.string("object") ?? "",
                reason: step.string("reason") ?? "")
        }
        try context.finish()
        self.steps = steps ?? []
    }

    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.array("steps", steps) { writer, step in
                writer.object { writer in
                    writer.key("action")
                    writer.value(step.action)
                    writer.key("object")
                    writer.value(step.object)
                    writer.key("reason")
                    writer.value(step.reason)
                }
            }
        }
        writer.endLine()
        return writer.bytes
    }
}

extension Step.Action {
    /// The words a step's description begins with.
    fileprivate var verb: String {
        switch self {
        case .repairTable: "repair"
        case .addElement: "add element"
        case .replaceElement: "replace element"
        case .removeElement: "remove element"
        case .createNamespace: "create namespace"
        case .removeNamespace: "remove namespace"
        case .createLink: "create"
        case .changeLink: "change"
        case .setUp: "bring up"
        case .setDown: "take down"
        case .deleteLink, .doomLink: "delete"
        case .addAddress: "add address"
        case .removeAddress: "remove address"
        case .setRoute: "set"
        case .removeRoute: "remove"
        case .setNeighbour: "set neighbour"
        case .removeNeighbour: "remove neighbour"
        case .writeSysctl: "set"
        }
    }
}
