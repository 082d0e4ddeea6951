/// Everything that is watched, and where word of it goes.
package struct AlertPlan: Sendable, Hashable {
    package struct Destination: Sendable, Hashable {
        package enum Kind: String, Sendable, Hashable, CaseIterable {
            /// Signed by the Standard Webhooks specification.
            case webhook
            case slack, email
        }

        package var name: String
        package var kind: Kind

        package init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    package var destinations: [Destination]
    package var rules: [AlertRule]
    package var schedules: [ReportSchedule]

    package init(
        destinations: [Destination] = [],
        rules: [AlertRule] = [],
        schedules: [ReportSchedule] = []
    ) {
        self.destinations = destinations
        self.rules = rules
        self.schedules = schedules
    }
}
