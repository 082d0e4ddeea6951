package import EaselBase
package import Foundation

/// What the cases of a policy look at: values only, so that a choice can be reproduced from the log (R1).
package struct RoutingFacts: Sendable, Hashable {
    package var team: String
    package var keyID: UUID
    package var project: String?
    package var tags: [String: String]
    package var model: RemixModel
    package var count: Int
    /// The request's parameters as the call log keeps them.
    package var parameters: [String: JSONValue]
    package var now: Timestamp
    /// The least that is left in a budget that applies, in percent of its limit, 0 to 100; nil: not known.
    package var budgetLeftPercent: Double?

    package init(
        team: String,
        keyID: UUID,
        project: String?,
        tags: [String: String],
        model: RemixModel,
        count: Int,
        parameters: [String: JSONValue],
        now: Timestamp,
        budgetLeftPercent: Double? = nil
    ) {
        self.team = team
        self.keyID = keyID
        self.project = project
        self.tags = tags
        self.model = model
        self.count = count
        self.parameters = parameters
        self.now = now
        self.budgetLeftPercent = budgetLeftPercent
    }

    /// The value of a parameter by its name; `output_type` and `output_format` are the parts of `output`.
    func value(of parameter: String) -> JSONValue? {
        switch parameter {
        case "output_type": parameters["output"]?["type"]
        case "output_format": parameters["output"]?["format"]
        default:
            // Not `nil`, which is a JSON value as well.
            switch parameters[parameter] {
            case nil, .null?, .bool(false)?: Optional.none
            case let value?: value
            }
        }
    }
}
