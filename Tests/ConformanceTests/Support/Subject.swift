import EaselCore
import EaselProviders
import EaselSandbox
import EaselTransport
import Testing

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
    /// The models that are acknowledged first and asked for later.
    let acknowledged: Set<RemixModel>
    let make: @Sendable (ProviderSettings, HTTPClient) -> any Provider

    var testDescription: String { "\(kind.rawValue) \(delivery.rawValue)" }

    static let all = [
        runware(.sync), runware(.async), ideogram(.sync), ideogram(.async),
    ]

    /// Those that have tasks to poll.
    static let polled = all.filter { !$0.acknowledged.isEmpty }

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
            acknowledged: delivery == .async ? [.ideogram4] : [],
            make: { IdeogramProvider(settings: $0, client: $1) }
        )
    }
}
