package import EaselBase
package import EaselCore
package import Foundation

/// Values of the trade that tests begin with.
package enum SampleTrade {
    /// A moment of whole milliseconds.
    package static let moment = Timestamp(microseconds: 1_790_000_000_000_000)

    /// A small, valid request.
    package static func request(count: Int = 1, model: RemixModel = .ideogram4) -> RemixRequest {
        var request = RemixRequest(model: model, prompt: "a quiet harbour", image: SamplePicture.source())
        request.count = count
        return request
    }

    /// A member's account.
    package static func account(
        requestsPerMinute: Int? = nil,
        maxConcurrent: Int? = nil,
        keyID: UUID = UUID()
    ) -> Account {
        Account(
            teamID: 1,
            team: "design",
            keyID: keyID,
            role: .member,
            requestsPerMinute: requestsPerMinute,
            maxConcurrent: maxConcurrent
        )
    }

    /// What stands in the price book for tests: six cents a picture at both kinds, or nothing.
    package static func prices(_ usd: String? = "0.06") -> [PriceEntry] {
        guard let usd, let price = Money(usd: usd) else { return [] }
        return ProviderKind.allCases.flatMap { kind in
            RemixModel.allCases.map { model in
                PriceEntry(
                    provider: kind.rawValue,
                    model: model,
                    renderingSpeed: nil,
                    characterReference: false,
                    perImage: price,
                    effectiveFrom: Timestamp(microseconds: 0)
                )
            }
        }
    }

    /// An attempt's row before it is sent.
    package static func start(
        callID: UUID = UUIDv7.mint(at: moment),
        ordinal: Int = 1,
        provider: String = "runware",
        asked: Int = 1,
        price: Money? = Money(nanodollars: 60_000_000),
        at startedAt: Timestamp = moment,
        duplicateRisk: Bool = false
    ) -> AttemptStart {
        AttemptStart(
            attemptID: UUIDv7.mint(at: startedAt),
            callID: callID,
            teamID: 1,
            ordinal: ordinal,
            provider: provider,
            providerModel: "\(provider)-model",
            taskID: UUID(),
            startedAt: startedAt,
            imagesAsked: asked,
            bound: price.map { $0 * asked },
            pricePerImage: price,
            duplicateRisk: duplicateRisk
        )
    }
}
