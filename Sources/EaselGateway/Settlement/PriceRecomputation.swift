import EaselBase
import EaselCore
import Foundation

/// Applies the price book as it stands to past estimates: attempts that the price book priced, or nobody. What a provider
/// has said stays as it is.
final class PriceRecomputation: Sendable {
    static let batch = 500

    let ledger: any Ledger
    let kinds: [String: ProviderKind]
    let time: TimeSource

    init(ledger: any Ledger, kinds: [String: ProviderKind], time: TimeSource) {
        self.ledger = ledger
        self.kinds = kinds
        self.time = time
    }

    /// What would change, or has changed, of one provider and model.
    struct Line: Hashable {
        let provider: String
        let model: RemixModel
        var attempts = 0
        /// Attempts that had no price before.
        var unpriced = 0
        var before = Money.zero
        var after = Money.zero
    }

    struct Result: JSONWritable {
        let since: Timestamp
        let isApplied: Bool
        /// Attempts that were looked at.
        let examined: Int
        let lines: [Line]
        /// Attempts that still have no price.
        let stillUnpriced: Int

        func write(to text: inout JSONText) {
            func figures(_ attempts: Int, _ unpriced: Int, _ before: Money, _ after: Money, _ text: inout JSONText) {
                text.member("attempts", attempts)
                text.member("unpriced_attempts", unpriced)
                text.member("before_usd", before.usd)
                text.member("after_usd", after.usd)
                text.member("difference_usd", (after - before).usd)
            }
            text.object { text in
                text.member("since", since.description)
                text.member("applied", isApplied)
                text.member("examined_attempts", examined)
                text.key("changes")
                text.array(lines) { text, line in
                    text.object { text in
                        text.member("provider", line.provider)
                        text.member("model", line.model.rawValue)
                        figures(line.attempts, line.unpriced, line.before, line.after, &text)
                    }
                }
                text.key("totals")
                text.object { text in
                    figures(
                        lines.reduce(0) { $0 + $1.attempts },
                        lines.reduce(0) { $0 + $1.unpriced },
                        lines.reduce(.zero) { $0 + $1.before },
                        lines.reduce(.zero) { $0 + $1.after },
                        &text
                    )
                }
                text.member("still_unpriced_attempts", stillUnpriced)
            }
        }
    }

    private struct Place: Hashable {
        let provider: String
        let model: RemixModel
    }

    /// Looks through all estimates since a moment. Calls are changed one after the other, each in a transaction of its
    /// own: what was done stands when it is cut off, and running it again changes nothing more.
    func run(since: Timestamp, prices: PriceBook, apply: Bool) async throws(LedgerError) -> Result {
        var lines: [Place: Line] = [:]
        var examined = 0
        var stillUnpriced = 0
        var cursor: UUID?
        while true {
            let attempts = try await ledger.estimates(since: since, after: cursor, limit: Self.batch)
            var changes: [(EstimatedAttempt, Repricing.Line)] = []
            for attempt in attempts {
                guard let price = price(of: attempt, prices) else {
                    if attempt.cost == nil { stillUnpriced += 1 }
                    continue
                }
                let cost = price * attempt.imagesReturned
                guard cost != attempt.cost || price != attempt.price else { continue }
                let place = Place(provider: attempt.provider, model: attempt.model)
                var line = lines[place] ?? Line(provider: attempt.provider, model: attempt.model)
                line.attempts += 1
                line.unpriced += attempt.cost == nil ? 1 : 0
                line.before += attempt.cost ?? .zero
                line.after += cost
                lines[place] = line
                changes.append(
                    (
                        attempt,
                        Repricing.Line(
                            attemptID: attempt.attemptID,
                            startedAt: attempt.startedAt,
                            price: price,
                            cost: cost
                        )
                    )
                )
            }
            examined += attempts.count
            if apply { try await write(changes) }
            guard attempts.count == Self.batch, let last = attempts.last else { break }
            cursor = last.attemptID
        }
        return Result(
            since: since,
            isApplied: apply,
            examined: examined,
            lines: lines.values.sorted { ($0.provider, $0.model.rawValue) < ($1.provider, $1.model.rawValue) },
            stillUnpriced: stillUnpriced
        )
    }

    /// The price that was in force when the attempt began (M8), as the book says it now.
    private func price(of attempt: EstimatedAttempt, _ prices: PriceBook) -> Money? {
        prices.price(
            provider: attempt.provider,
            kind: kinds[attempt.provider] ?? ProviderKind(rawValue: attempt.provider),
            model: attempt.model,
            speed: attempt.speed,
            characterReference: attempt.characterReference,
            at: attempt.startedAt
        )?
        .perImage
    }

    private func write(_ changes: [(EstimatedAttempt, Repricing.Line)]) async throws(LedgerError) {
        let byCall = Dictionary(grouping: changes) { $0.0.callID }
        for (callID, changes) in byCall.sorted(by: { $0.key.uuidString < $1.key.uuidString }) {
            guard let first = changes.first?.0 else { continue }
            try await ledger.reprice(
                Repricing(
                    callID: callID,
                    teamID: first.teamID,
                    receivedAt: first.receivedAt,
                    repricedAt: time.now,
                    lines: changes.map(\.1)
                )
            )
        }
    }
}
