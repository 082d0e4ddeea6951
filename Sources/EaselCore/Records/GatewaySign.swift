/// What a gateway says of itself with each sign of life.
package struct GatewaySign: Sendable, Hashable, Codable {
    package struct Provider: Sendable, Hashable, Codable {
        package var name: String
        package var state: ProviderState
        package var cause: TripReason.Cause?
        package var reason: String?

        package init(name: String, state: ProviderState, cause: TripReason.Cause? = nil, reason: String? = nil) {
            self.name = name
            self.state = state
            self.cause = cause
            self.reason = reason
        }
    }

    package var providers: [Provider]
    /// Settlements that wait in its journal.
    package var journalPending: Int

    /// Writes that its journal set aside; nil of a gateway that does not tell.
    package var journalSetAside: Int?

    package init(providers: [Provider] = [], journalPending: Int = 0, journalSetAside: Int? = nil) {
        self.journalSetAside = journalSetAside
        self.providers = providers
        self.journalPending = journalPending
    }
}
