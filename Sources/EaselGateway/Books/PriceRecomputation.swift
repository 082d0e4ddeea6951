import EaselBase
import EaselCore
import Foundation

/// Applies the price book as it stands to past estimates: attempts that the price book priced, or nobody. What a provider
/// has said stays as it is, and what an invoice has confirmed (`easel reconcile`) unless it is meant.
final class PriceRecomputation: Sendable {
    static let batch = 500

    let ledger: any PriceLedger
    let kinds: [String: ProviderKind]
    let time: TimeSource

    init(ledger: any PriceLedger, kinds: [String: ProviderKind], time: TimeSource) {
        self.ledger = ledger
        self.kinds = kinds
        self.time = time
    }

    /// What would change, or has changed, of some attempts.
    struct Sums: Hashable {
        var attempts = 0
        /// Attempts that had no price before.
        var unpriced = 0
        var before = Money.zero
        var after = Money.zero

        mutating func add(_ other: Sums) {
            attempts += other.attempts
            unpriced += other.unpriced
            before += other.before
            after += other.after
        }

        mutating func add(_ attempt: EstimatedAttempt, _ cost: Money) {
            attempts += 1
            unpriced += attempt.cost == nil ? 1 : 0
            before += attempt.cost ?? .zero
            after += cost
        }

        func write(to text: inout JSONText) {
            text.member("attempts", attempts)
            text.member("unpriced_attempts", unpriced)
            text.member("before_usd", before.usd)
            text.member("after_usd", after.usd)
            text.member("difference_usd", (after - before).usd)
        }
    }

    /// The changes of one provider and model.
    struct Line: Hashable {
        let provider: String
        let model: RemixModel
        var sums = Sums()
    }

    struct Result: JSONWritable {
        let since: Timestamp
        let isApplied: Bool
        /// Whether those that an invoice has confirmed are among the changes.
        let includesReconciled: Bool
        /// Attempts that were looked at.
        let examined: Int
        let lines: [Line]
        /// Attempts that still have no price.
        let stillUnpriced: Int
        /// Attempts that an invoice has confirmed and for which the book says another price. They stay, unless
        /// `includesReconciled`: then they are among `lines` too.
        let reconciled: Sums

        /// Attempts whose cost changes.
        var changed: Int { lines.reduce(0) { $0 + $1.sums.attempts } }

        func write(to text: inout JSONText) {
            text.object { text in
                text.member("since", since.description)
                text.member("applied", isApplied)
                text.member("examined_attempts", examined)
                text.member("includes_reconciled", includesReconciled)
                text.key("changes")
                text.array(lines) { text, line in
                    text.object { text in
                        text.member("provider", line.provider)
                        text.member("model", line.model.rawValue)
                        line.sums.write(to: &text)
                    }
                }
                text.key("totals")
                text.object { text in
                    var totals = Sums()
                    for line in lines { totals.add(line.sums) }
                    totals.write(to: &text)
                }
                text.member("still_unpriced_attempts", stillUnpriced)
                text.key("reconciled")
                text.object { reconciled.write(to: &$0) }
            }
        }
    }

    private struct Place: Hashable {
        let provider: String
        let model: RemixModel
    }

    /// Looks through all estimates since a moment. Calls are changed one after the other, each in a transaction of its
    /// own: what was done stands when it is cut off, and running it again changes nothing more.
    func run(
        since: Timestamp,
        prices: PriceBook,
        apply: Bool,
        includingReconciled: Bool = false
    ) async throws(LedgerError) -> Result {
        var lines: [Place: Line] = [:]
        var reconciled = Sums()
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
                if attempt.isReconciled {
                    reconciled.add(attempt, cost)
                    guard includingReconciled else { continue }
                }
                let place = Place(provider: attempt.provider, model: attempt.model)
                lines[place, default: Line(provider: attempt.provider, model: attempt.model)]
                    .sums.add(attempt, cost)
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
            if apply { try await write(changes, includingReconciled) }
            guard attempts.count == Self.batch, let last = attempts.last else { break }
            cursor = last.attemptID
        }
        return Result(
            since: since,
            isApplied: apply,
            includesReconciled: includingReconciled,
            examined: examined,
            lines: lines.values.sorted { ($0.provider, $0.model.rawValue) < ($1.provider, $1.model.rawValue) },
            stillUnpriced: stillUnpriced,
            reconciled: reconciled
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

    private func write(
        _ changes: [(EstimatedAttempt, Repricing.Line)],
        _ includesReconciled: Bool
    ) async throws(LedgerError) {
        let byCall = Dictionary(grouping: changes) { $0.0.callID }
        for (callID, changes) in byCall.sorted(by: { $0.key.uuidString < $1.key.uuidString }) {
            guard let first = changes.first?.0 else { continue }
            try await ledger.reprice(
                Repricing(
                    key: CallKey(teamID: first.teamID, receivedAt: first.receivedAt, callID: callID),
                    repricedAt: time.now,
                    lines: changes.map(\.1),
                    includesReconciled: includesReconciled
                )
            )
        }
    }
}
