import EaselConfiguration
import EaselCore

/// Policies as the executable reads them.
enum Policies {
    static func reading(_ book: PolicyBook) -> any PolicyReading {
        InlinePolicies(providers: ["runware", "ideogram"], policies: book)
    }
}
