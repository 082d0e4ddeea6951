import EaselCore
import EaselProviders
public import Foundation

extension Easel {
    /// What an ``Easel`` is made with: providers, how they are chosen, and where calls are written down.
    public struct Configuration: Sendable {
        enum Source: Sendable {
            case providers([Provider])
            case text(String, name: String, environment: [String: String])
            case file(String)
        }

        let source: Source
        /// Nil: as the configuration says.
        let ledger: Ledger?
        /// The team that calls count for; made where the ledger does not know it.
        public var team = "default"
        /// Where lines about the work go.
        public var log = Log.standardError

        /// Providers in the order in which they are asked: the second where the first one fails. Names have to differ.
        public init(providers: [Provider], ledger: Ledger = .memory()) {
            source = .providers(providers)
            self.ledger = ledger
        }

        /// A configuration as the gateway reads it (docs/operating.md), with policies, limits and all that is said of calls;
        /// what only a server needs is read and not used. `${NAME}` is taken from `environment`.
        ///
        /// `name`: what faults are reported under.
        /// `ledger`: nil takes the database of the configuration (`database.url`), or memory where it names none.
        public init(
            yaml text: String,
            name: String = "configuration",
            environment: [String: String] = ProcessInfo.processInfo.environment,
            ledger: Ledger? = nil
        ) {
            source = .text(text, name: name, environment: environment)
            self.ledger = ledger
        }

        /// The same from a file, with the environment of this process.
        public init(file path: String, ledger: Ledger? = nil) {
            source = .file(path)
            self.ledger = ledger
        }
    }

    /// An account at a provider.
    public struct Provider: Sendable {
        /// An interface that Easel speaks, by its word in a configuration. An open word: a kind that comes with a later Easel
        /// breaks no program, and one that this Easel does not have is a fault of the configuration.
        public struct Kind: RawRepresentable, Sendable, Hashable, CaseIterable {
            /// As configurations have it.
            public let rawValue: String

            /// A kind of that name, whether or not this Easel has it.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }

            /// Runware's interface.
            public static let runware = Kind(rawValue: "runware")
            /// Ideogram's interface.
            public static let ideogram = Kind(rawValue: "ideogram")

            /// Those that there are.
            public static var allCases: [Kind] {
                ProviderRegistry.standard.profiles.map { Kind(rawValue: $0.kind.rawValue) }
            }
        }

        /// What policies, replies and the log call it.
        public var name: String
        /// Which interface it speaks.
        public var kind: Kind
        /// The key of the account. Never written anywhere.
        public var key: String
        /// `http` or `https`, without a slash at the end; nil: the provider's own.
        public var baseURL: String?
        /// Attempts under way at a time; nil: the kind's own limit.
        public var maxInFlight: Int?
        /// One attempt, from connecting to the last byte; nil: 120 seconds.
        public var timeout: Duration?

        /// An account; `name` is the kind's where it is nil.
        public init(_ kind: Kind, name: String? = nil, key: String, baseURL: String? = nil) {
            self.name = name ?? kind.rawValue
            self.kind = kind
            self.key = key
            self.baseURL = baseURL
        }

        /// An account at Runware, called `runware`.
        public static func runware(key: String, baseURL: String? = nil) -> Provider {
            Provider(.runware, key: key, baseURL: baseURL)
        }

        /// An account at Ideogram, called `ideogram`.
        public static func ideogram(key: String, baseURL: String? = nil) -> Provider {
            Provider(.ideogram, key: key, baseURL: baseURL)
        }
    }

    /// Where calls are written down, and what they are held to.
    public struct Ledger: Sendable {
        enum Kind: Sendable {
            case memory(budget: Decimal?)
            case postgres(String)
        }

        let kind: Kind

        /// In this process, and gone with it: failover, hedging and a budget work, reports and a second process do not. Prices
        /// are those that a database begins with.
        ///
        /// - Parameter budget: what all calls together may cost, in US dollars with nine decimals at most: a call whose upper
        ///   bound does not fit is refused before anything is sent. Nil: anything.
        public static func memory(budget: Decimal? = nil) -> Ledger { Ledger(kind: .memory(budget: budget)) }

        /// The database of Easel, shared with gateways and other programs: with its prices, budgets and reports. It is
        /// migrated if need be.
        ///
        /// While it is away no call is begun. There is no journal as the gateway has one: a settlement that the database does
        /// not take is kept in memory and written when it does. One that is lost with the process is worked out by recovery,
        /// this program's or a gateway's.
        ///
        /// - Parameter url: `postgres://USER:PASSWORD@HOST/DATABASE`, or a connection string of libpq.
        public static func postgres(_ url: String) -> Ledger { Ledger(kind: .postgres(url)) }
    }

    /// Where lines about the work go: ids, names, codes and durations; never a key, a prompt or an image.
    public struct Log: Sendable {
        let write: (@Sendable (String) -> Void)?
        let isSilent: Bool

        /// One JSON object a line, `info` and above.
        public static let standardError = Log(write: nil, isSilent: false)
        /// Nowhere.
        public static let silent = Log(write: nil, isSilent: true)

        /// Each line, with its line break, as it comes; called from any thread, and should return soon.
        public static func lines(_ write: @escaping @Sendable (String) -> Void) -> Log {
            Log(write: write, isSilent: false)
        }
    }
}
