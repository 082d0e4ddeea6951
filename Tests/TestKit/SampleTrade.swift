package import EaselBase
package import EaselCore
package import Foundation

/// Values of the trade that tests begin with.
package enum SampleTrade {
    /// A moment of whole milliseconds.
    package static let moment = Timestamp(microseconds: 1_790_000_000_000_000)

    /// A small, valid request.
    package static func request(count: Int = 1, model: RemixModel = .ideogram4) -> RemixRequest {
        var request = RemixRequest(model: model, prompt: "a quiet harbour", image: SampleImage.source())
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

    /// What stands in the price book for tests: six cents an image at both kinds, or nothing.
    package static func prices(_ usd: String? = "0.06") -> [PriceEntry] {
        guard let usd, let price = Money(usd: usd) else { return [] }
        return [ProviderKind.runware, .ideogram].flatMap { kind in
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

    /// The admission of a call with the given first attempts; the call's id is theirs.
    package static func admission(
        attempts: [AttemptStart],
        gatewayID: UUID = UUIDv7.mint(at: moment),
        count: Int? = nil,
        copyrightDetection: Bool = false,
        termsVersion: Int64 = 1,
        budgets: [AppliedBudget] = [],
        idempotency: IdempotencyKey? = nil
    ) -> Admission {
        let callID = attempts.first?.callID ?? UUIDv7.mint(at: moment)
        return Admission(
            key: CallKey(teamID: 1, receivedAt: UUIDv7.moment(of: callID) ?? moment, callID: callID),
            keyID: UUIDv7.mint(at: moment),
            gatewayID: gatewayID,
            project: nil,
            tags: [:],
            policy: "test",
            model: .ideogram4,
            imagesRequested: count ?? attempts.reduce(0) { $0 + $1.imagesAsked },
            bound: Money.sum(attempts.map(\.bound)),
            prompt: nil,
            parameters: ["copyright_detection": .bool(copyrightDetection)],
            plan: [:],
            attempts: attempts,
            termsVersion: termsVersion,
            budgets: budgets,
            idempotency: idempotency,
            leaseEndsAt: (UUIDv7.moment(of: callID) ?? moment) + .seconds(900)
        )
    }
}

/// Six cents, the price of the sample price book.
package let sixCents = Money(nanodollars: 60_000_000)
