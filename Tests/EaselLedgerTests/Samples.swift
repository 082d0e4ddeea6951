import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit

/// Rows of the trade with everything filled in, for tests to alter.
enum Sample {
    static func milliseconds(_ moment: Timestamp) -> Timestamp {
        Timestamp(microseconds: moment.millisecondsSince1970 * 1000)
    }

    /// A moment of today, whole milliseconds.
    static var now: Timestamp { milliseconds(TimeSource.system.now) }

    static func start(
        callID: UUID,
        teamID: Int64,
        at moment: Timestamp,
        ordinal: Int = 1,
        provider: String = "runware",
        providerTaskID: String? = nil,
        bound: Money? = Money(nanodollars: 60_000_000)
    ) -> AttemptStart {
        AttemptStart(
            attemptID: UUIDv7.mint(at: moment),
            callID: callID,
            teamID: teamID,
            ordinal: ordinal,
            provider: provider,
            providerModel: "ideogram:4@remix",
            taskID: UUID(),
            providerTaskID: providerTaskID,
            startedAt: moment,
            imagesAsked: 1,
            bound: bound,
            pricePerImage: bound,
            duplicateRisk: false
        )
    }

    static func admission(
        teamID: Int64 = 1,
        at moment: Timestamp = now,
        keyID: UUID = UUID(),
        gatewayID: UUID = UUID(),
        project: String? = "spring",
        tags: [String: String] = ["campaign": "spring"],
        model: RemixModel = .ideogram4,
        provider: String = "runware",
        providerTaskID: String? = nil,
        images: Int = 1,
        translation: [TranslationEntry] = [],
        termsVersion: Int64 = 1,
        bound: Money? = Money(nanodollars: 60_000_000),
        budgets: [AppliedBudget] = [],
        allowsUnpriced: Bool = false,
        idempotency: IdempotencyKey? = nil,
        plan: JSONDocument = ["candidates": ["runware", "ideogram"]],
        parameters: JSONValue = ["copyright_detection": true, "strength": .number(0.4)]
    ) -> Admission {
        let callID = UUIDv7.mint(at: moment)
        return Admission(
            key: CallKey(teamID: teamID, receivedAt: moment, callID: callID),
            keyID: keyID,
            gatewayID: gatewayID,
            project: project,
            tags: tags,
            policy: "failover",
            model: model,
            imagesRequested: images,
            bound: bound,
            prompt: "a fox in the snow",
            parameters: parameters,
            plan: plan,
            translation: translation,
            attempts: [
                start(
                    callID: callID,
                    teamID: teamID,
                    at: moment,
                    provider: provider,
                    providerTaskID: providerTaskID,
                    bound: bound
                )
            ],
            termsVersion: termsVersion,
            budgets: budgets,
            allowsUnpriced: allowsUnpriced,
            idempotency: idempotency,
            leaseEndsAt: moment + .seconds(900)
        )
    }

    static func end(
        _ start: AttemptStart,
        outcome: AttemptOutcome = .succeeded,
        cost: Money? = Money(nanodollars: 60_000_000),
        basis: CostBasis = .provider,
        sent: Bool = true,
        images: Int = 1,
        extra: [String: JSONValue] = ["seen": ["new": true]]
    ) -> AttemptEnd {
        AttemptEnd(
            start: start,
            outcome: outcome,
            reason: outcome == .succeeded ? "ok" : "timeout",
            errorCode: outcome == .succeeded ? nil : "timeout",
            httpStatus: outcome == .succeeded ? 200 : nil,
            sent: sent,
            charge: Cost(cost, basis),
            timings: PhaseTimings(connect: .microseconds(1500), total: .milliseconds(2100)),
            endedAt: start.startedAt + .milliseconds(2100),
            imagesReturned: images,
            providerTaskID: nil,
            providerRequestID: "req-1",
            extra: extra
        )
    }

    static func image(
        _ admission: Admission,
        attempt: AttemptStart,
        ordinal: Int = 1,
        nsfw: Bool? = false,
        copyright: CopyrightVerdict = .clear,
        withheld: Bool = false
    ) -> ImageRecord {
        let moment = admission.receivedAt + .milliseconds(2200)
        return ImageRecord(
            imageID: UUIDv7.mint(at: moment),
            callID: admission.callID,
            attemptID: attempt.attemptID,
            teamID: admission.teamID,
            ordinal: ordinal,
            createdAt: moment,
            seed: 4_294_967_296,
            nsfw: nsfw,
            copyright: copyright,
            withheld: withheld,
            size: PixelSize(width: 1024, height: 768),
            format: .png,
            bytes: 1_234_567,
            sha256: [1, 2, 3, 0, 255],
            providerImageID: "img-1",
            artifact: "2026/11/x.png",
            cost: Money(nanodollars: 60_000_000)
        )
    }

    /// What is known of the cost of attempts (M1, M6); nil when only zeros are known and one is not.
    static func total(_ ends: [AttemptEnd]) -> Money? {
        let known = ends.compactMap(\.cost).reduce(.zero, +)
        return known == .zero && ends.contains { $0.cost == nil } ? nil : known
    }

    /// The settlement of a call whose attempts ended as given.
    static func settlement(
        _ admission: Admission,
        attempts: [AttemptEnd]? = nil,
        images: [ImageRecord]? = nil,
        status: CallStatus = .succeeded,
        provider: String? = "runware",
        latency: Duration = .milliseconds(2300),
        failover: Bool = false,
        failoverCost: Money? = nil,
        translation: [TranslationEntry]? = [TranslationEntry(.strength, "strength", .mapped)],
        attemptCount: Int? = nil,
        replacesImages: Bool = true,
        settledAfter: Duration = .seconds(3),
        recovered: Bool = false
    ) -> Settlement {
        let ends = attempts ?? admission.attempts.map { end($0) }
        let images = images ?? admission.attempts.prefix(1).map { image(admission, attempt: $0) }
        let unconfirmed = ends.filter { $0.costBasis != .provider }
        return Settlement(
            key: admission.key,
            settledAt: admission.receivedAt + settledAfter,
            status: status,
            errorCode: status == .failed ? "providers_failed" : nil,
            provider: provider,
            imagesDelivered: images.filter { !$0.withheld }.count,
            charge: Cost(total(ends), unconfirmed.isEmpty ? .provider : .priceBook),
            estimated: unconfirmed.isEmpty ? .zero : total(unconfirmed),
            latency: latency,
            failover: failover,
            failoverCost: failoverCost
                ?? Money.sum(ends.filter { ![.succeeded, .partial].contains($0.outcome) }.map(\.cost)),
            attempts: ends,
            images: images,
            translation: translation,
            clientGone: false,
            attemptCount: attemptCount,
            replacesImages: replacesImages,
            recovered: recovered
        )
    }
}

/// Lets a few tests at a time have a ledger: the server that they share has room for so many connections only.
private actor LedgerGate {
    static let shared = LedgerGate()
    private var free = 12
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// Runs a test against a ledger of its own and closes it afterwards.
func withLedger(
    options: PostgresLedger.Options = PostgresFixture.smallOptions,
    log: Log = .silent,
    _ body: (PostgresLedger, _ connectionString: String) async throws -> Void
) async throws {
    await LedgerGate.shared.enter()
    let result: Result<Void, any Error>
    do {
        let database = try await PostgresFixture.database()
        let ledger = try await PostgresLedger.connect(connectionString: database, log: log, options: options)
        do {
            try await body(ledger, database)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await ledger.close()
    } catch {
        result = .failure(error)
    }
    await LedgerGate.shared.leave()
    try result.get()
}
