import EaselConfiguration
import EaselCore
import EaselGateway

extension InlinePolicies: PolicyReading {}

/// Policies as the executable reads them.
enum Policies {
    static func reading(_ book: PolicyBook) -> any PolicyReading {
        InlinePolicies(providers: ["runware", "ideogram"], policies: book)
    }
}
