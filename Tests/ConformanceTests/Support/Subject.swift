import EaselBase
import EaselCore
import EaselProviders
import EaselSandbox
import EaselTransport
import Testing
import ThirdKind

/// A provider under test, and in what it may differ from the others. A new provider is one more of these.
struct Subject: Sendable, CustomTestStringConvertible {
    let kind: ProviderKind
    let delivery: DeliveryMethod
    /// The simulation that stands for it.
    let simulation: ProviderKind
    /// Whether the answer says what it cost.
    let tellsCost: Bool
    /// Whether a task is found again when its answer was lost, by our own name of it.
    let findsLostTasks: Bool
    /// Whether a task id that was used before is refused.
    let refusesRepeatedTasks: Bool
    /// Whether unsafe images are kept back instead of marked.
    let withholdsUnsafe: Bool
    /// Whether the images come in the format and form that was asked for.
    let honoursOutput: Bool
    /// Whether images come as links, at least where links were asked for.
    let sendsLinks: Bool
    /// Whether its errors have codes that say more than the status.
    let hasErrorCodes: Bool
    /// Whether each answer has a name in its own logs.
    let namesAnswers: Bool
    /// What it says of an image of 4.0 that it was asked to check and that is nobody's; `notRequested` where it checks none.
    let verdict: CopyrightVerdict
    /// What is lost of a request with a strength and a size of another ratio than the source.
    let cropLosses: [String]
    /// What its simulation charges for an image at standard speed.
    let price: Money
    /// The models that are acknowledged first and asked for later.
    let acknowledged: Set<RemixModel>
    let make: @Sendable (ProviderSettings, HTTPClient) -> any Provider

    var testDescription: String { "\(kind.rawValue) \(delivery.rawValue)" }

    static let all = [
        runware(.sync), runware(.async), ideogram(.sync), ideogram(.async), postcard,
    ]

    /// Those that have tasks to poll.
    static let polled = all.filter { !$0.acknowledged.isEmpty }

    /// Those that look for images of other people's.
    static let checking = all.filter { $0.verdict != .notRequested }

    /// Those where the difference of delivery does not matter.
    static let synchronous = all.filter { $0.delivery == .sync }

    private static func runware(_ delivery: DeliveryMethod) -> Subject {
        Subject(
            kind: .runware,
            delivery: delivery,
            simulation: .runware,
            tellsCost: true,
            findsLostTasks: true,
            refusesRepeatedTasks: true,
            withholdsUnsafe: false,
            honoursOutput: true,
            sendsLinks: true,
            hasErrorCodes: true,
            namesAnswers: false,
            verdict: .undetermined,  // it documents no field for the result
            cropLosses: [],
            price: Money(nanodollars: 60_000_000),
            acknowledged: delivery == .async ? Set(RemixModel.allCases) : [],
            make: { RunwareProvider(settings: $0, client: $1) }
        )
    }

    private static func ideogram(_ delivery: DeliveryMethod) -> Subject {
        Subject(
            kind: .ideogram,
            delivery: delivery,
            simulation: .ideogram,
            tellsCost: false,
            findsLostTasks: false,
            refusesRepeatedTasks: false,
            withholdsUnsafe: true,
            honoursOutput: false,
            sendsLinks: true,
            hasErrorCodes: false,
            namesAnswers: true,
            verdict: .clear,
            cropLosses: ["image"],
            price: Money(nanodollars: 60_000_000),
            acknowledged: delivery == .async ? [.ideogram4] : [],
            make: { IdeogramProvider(settings: $0, client: $1) }
        )
    }

    private static var postcard: Subject {
        Subject(
            kind: .postcard,
            delivery: .sync,
            simulation: .postcard,
            tellsCost: false,
            findsLostTasks: false,
            refusesRepeatedTasks: false,
            withholdsUnsafe: false,
            honoursOutput: false,
            sendsLinks: false,
            hasErrorCodes: false,
            namesAnswers: true,
            verdict: .notRequested,
            cropLosses: ["strength"],
            price: PostcardService.price,
            acknowledged: [],
            make: { PostcardProvider(settings: $0, client: $1) }
        )
    }
}
