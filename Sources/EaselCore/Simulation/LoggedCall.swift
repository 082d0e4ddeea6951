package import EaselBase
package import Foundation

/// A finished call as a simulation reads it from the log: what its plan was computed from, and what happened.
package struct LoggedCall: Sendable, Hashable {
    package var callID: UUID
    package var team: String
    package var keyID: UUID
    package var project: String?
    package var tags: [String: String]
    /// The policy that the call asked for, or the default's name.
    package var policy: String
    package var model: RemixModel
    /// The request's parameters as the log keeps them.
    package var parameters: [String: JSONValue]
    package var receivedAt: Timestamp
    /// Nil: the log does not have them, as for calls from before they were kept.
    package var inputs: PlanInputs?
    /// The providers of the stored plan in their order. The first was asked first.
    package var candidates: [String]
    package var outcome: Outcome

    /// How the call went.
    package struct Outcome: Sendable, Hashable {
        package var status: CallStatus
        /// Nil: nobody delivered.
        package var provider: String?
        package var imagesRequested: Int
        package var imagesDelivered: Int
        /// Nil: not known (M1).
        package var cost: Money?
        package var latencyMs: Int?
        package var attempts: Int
        /// Whether another provider than the first had to be asked.
        package var failover: Bool
        /// The parameters that were dropped or approximated.
        package var losses: [String]

        package init(
            status: CallStatus,
            provider: String?,
            imagesRequested: Int,
            imagesDelivered: Int,
            cost: Money?,
            latencyMs: Int?,
            attempts: Int,
            failover: Bool,
            losses: [String]
        ) {
            self.status = status
            self.provider = provider
            self.imagesRequested = imagesRequested
            self.imagesDelivered = imagesDelivered
            self.cost = cost
            self.latencyMs = latencyMs
            self.attempts = attempts
            self.failover = failover
            self.losses = losses
        }
    }

    package init(
        callID: UUID,
        team: String,
        keyID: UUID,
        project: String?,
        tags: [String: String],
        policy: String,
        model: RemixModel,
        parameters: [String: JSONValue],
        receivedAt: Timestamp,
        inputs: PlanInputs?,
        candidates: [String],
        outcome: Outcome
    ) {
        self.callID = callID
        self.team = team
        self.keyID = keyID
        self.project = project
        self.tags = tags
        self.policy = policy
        self.model = model
        self.parameters = parameters
        self.receivedAt = receivedAt
        self.inputs = inputs
        self.candidates = candidates
        self.outcome = outcome
    }

    /// The providers of a plan as it is stored, in their order.
    package static func candidates(of plan: JSONValue?) -> [String] {
        plan?["candidates"]?.arrayValue?.compactMap { $0["provider"]?.stringValue } ?? []
    }

    /// The parameters of a translation that are not honoured exactly.
    package static func losses(of translation: [TranslationEntry]) -> [String] {
        translation.filter { $0.action != .mapped }.map(\.parameter)
    }

    var renderingSpeed: RenderingSpeed? {
        parameters[RemixParameter.renderingSpeed.rawValue]?.stringValue.flatMap(RenderingSpeed.init(rawValue:))
    }

    func facts(_ inputs: PlanInputs, budgetLeftPercent: Double?) -> RoutingFacts {
        RoutingFacts(
            team: team,
            keyID: keyID,
            project: project,
            tags: tags,
            model: model,
            count: inputs.request.count,
            parameters: parameters,
            now: receivedAt,
            budgetLeftPercent: budgetLeftPercent
        )
    }
}
