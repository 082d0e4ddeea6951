import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// The price book: what one image costs from when on, who changed it, and past estimates under the prices of today.
final class PriceRoutes: Sendable {
    static let mostLines = 1000
    static let longestSource = 200

    static let routes: [ApiRoute] = [
        ApiRoute("GET", "/v1/prices", .admin, "The price book", gives: [.json(Shapes.prices, "The book.")]) {
            api,
            visit throws(Problem) in
            try await api.prices.list(visit)
        },
        ApiRoute(
            "PUT",
            "/v1/prices",
            .admin,
            "Sets prices in the price book",
            body: .object([.required("prices", .list(of: .object(line), 1...mostLines), "Lines of the book.")]),
            example: [
                "prices": [
                    [
                        "provider": "ideogram", "model": "ideogram-4.0", "usd_per_image": "0.06",
                        "effective_from": "2026-11-01",
                    ]
                ]
            ],
            gives: [.json(Shapes.pricesWritten, "Each line in the request, and each other line that changed.")],
            fails: [.conflict]
        ) { api, visit throws(Problem) in try await api.prices.set(visit) },
        ApiRoute(
            "GET",
            "/v1/prices/history",
            .admin,
            "Who changed which price when",
            query: .only([listed]),
            gives: [.json(Shapes.priceChanges, "The changes, newest first.")]
        ) {
            api,
            visit throws(Problem) in try await api.prices.history(visit)
        },
        ApiRoute(
            "POST",
            "/v1/prices/recompute",
            .admin,
            "Applies the price book to past estimates",
            load: .countedReport,
            body: .object([
                .required("since", .momentOrDay, "Attempts from this time on."),
                .optional("apply", .flag, "Whether to change them; otherwise the answer only shows what would change."),
                .optional("reconciled", .flag, "Also those that an invoice confirmed, which otherwise stay."),
            ]),
            example: ["since": "2026-11-01", "apply": false],
            gives: [.json(Shapes.recomputation, "What changed, or would change.")],
            fails: [.conflict]
        ) { api, visit throws(Problem) in try await api.prices.recompute(visit) },
    ]

    private static let listed = QueryParameter.integer("limit", 1...1000, usual: 100, "How many changes to list.")
    /// A line of the book in a request.
    private static let line: [Field] = [
        .required("provider", .text, "The name of a provider, or of a kind, for all its accounts."),
        .required("model", .choice(RemixModel.knownNames), "The model."),
        .optional("rendering_speed", .choice(RenderingSpeed.self), "All speeds by default."),
        .optional(
            "character_reference",
            .flag,
            "For requests with a character reference; false by default."
        ),
        .required("usd_per_image", .amount, "US dollars for one image."),
        .required("effective_from", .momentOrDay, "When it takes effect."),
        .optional("source", .text(0...longestSource), "Where the price comes from."),
    ]

    let ledger: any PriceLedger & TermsBook & AuditBook
    let terms: TermsShelf
    let recomputation: PriceRecomputation
    /// Names that a line may be for: each provider and each kind.
    let owners: Set<String>
    /// The providers that lines are for.
    let accounts: [PriceBook.Account]

    init(
        ledger: any PriceLedger & TermsBook & AuditBook,
        terms: TermsShelf,
        providers: [any Provider],
        kinds: [ProviderKind],
        time: TimeSource
    ) {
        self.ledger = ledger
        self.terms = terms
        owners = Set(providers.map(\.name) + kinds.map(\.rawValue))
        accounts = providers.map { PriceBook.Account(name: $0.name, kind: $0.kind) }
        recomputation = PriceRecomputation(
            ledger: ledger,
            kinds: Dictionary(providers.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first }),
            time: time
        )
    }

    private struct List: JSONWritable {
        let prices: [PriceEntry]
        let inForce: Set<PriceEntry>

        func write(to text: inout JSONText) {
            text.object { text in
                text.key("prices")
                text.array(prices) { text, entry in
                    text.object { text in
                        entry.writeMembers(to: &text)
                        text.member("in_force", inForce.contains(entry))
                    }
                }
            }
        }
    }

    /// What a write did: each line that was named, and each that was changed beside them.
    private struct Written: JSONWritable {
        struct Line {
            let entry: PriceEntry
            let isNamed: Bool
            let isChanged: Bool
            /// What counts instead of it, for some speed or some account of its kind.
            let overriddenBy: [PriceEntry]
        }

        let lines: [Line]

        func write(to text: inout JSONText) {
            text.object { text in
                text.key("prices")
                text.array(lines) { text, line in
                    text.object { text in
                        line.entry.writeMembers(to: &text)
                        text.member("named", line.isNamed)
                        text.member("changed", line.isChanged)
                        text.key("overridden_by")
                        text.array(line.overriddenBy) { text, entry in text.object { entry.writeMembers(to: &$0) } }
                    }
                }
            }
        }
    }

    private func list(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let entries = try await Problem.of { () async throws(LedgerError) in try await ledger.prices() }
        let inForce = PriceBook(entries).inForce(for: accounts, at: visit.now)
        return .json(JSONText.bytes(of: List(prices: entries, inForce: inForce)))
    }

    private func set(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let entries = try read(visit.body)
        let writing: PriceWriting
        let book: PriceBook
        do throws(LedgerError) {
            writing = try await ledger.setPrices(entries, by: visit.who.actor, at: visit.now)
            try await terms.refresh(from: ledger)
            book = PriceBook(try await ledger.prices())
        } catch {
            throw Problem(changing: error)
        }
        let beside = writing.changed.filter { !entries.contains($0) }
        let lines = (entries + beside).map { entry in
            Written.Line(
                entry: entry,
                isNamed: entries.contains(entry),
                isChanged: writing.changed.contains(entry),
                overriddenBy: book.overriding(entry, for: accounts, at: visit.now)
            )
        }
        return .json(JSONText.bytes(of: Written(lines: lines)))
    }

    /// Reads lines of the book; every fault of every line at once.
    private func read(_ body: BodyFields) throws(Problem) -> [PriceEntry] {
        var body = body
        if !body.has("prices") { body.fault("prices", "is required: a list of prices") }
        let items = body.list("prices") ?? []
        if items.count > Self.mostLines { body.fault("prices", "may have \(Self.mostLines) lines at once") }
        if body.has("prices"), items.isEmpty, body.faults.isEmpty { body.fault("prices", "is empty") }
        var entries: [PriceEntry] = []
        var places: [PricePlace: Int] = [:]
        for (index, item) in items.prefix(Self.mostLines).enumerated() {
            guard let members = item.objectValue else {
                body.fault("prices[\(index)]", "must be an object")
                continue
            }
            var line = BodyFields(members, known: Self.line.map(\.name), prefix: "prices[\(index)].")
            if let entry = entry(&line) {
                if let other = places.updateValue(index, forKey: entry.place) {
                    line.fault("effective_from", "names the same price as line \(other); give one of them another date")
                }
                entries.append(entry)
            }
            body.add(line.faults)
        }
        guard body.faults.isEmpty else { throw .invalid(body.faults) }
        return entries
    }

    private func entry(_ line: inout BodyFields) -> PriceEntry? {
        let provider = line.text("provider", required: true)
        if let provider, !owners.contains(provider) {
            line.fault("provider", "is not configured; there are \(owners.sorted().joined(separator: ", "))")
        }
        let modelText = line.text("model", required: true)
        let model = modelText.flatMap { RemixModel(alias: $0) }
        if modelText != nil, model == nil {
            line.fault("model", "is not known; there are \(RemixModel.knownNames.joined(separator: ", "))")
        }
        let speedText = line.text("rendering_speed")
        let speed = speedText.flatMap { RenderingSpeed(rawValue: $0) }
        if speedText != nil, speed == nil {
            line.fault("rendering_speed", "must be turbo, default or quality, or absent for all of them")
        }
        let characterReference = line.flag("character_reference") ?? false
        let price = line.money("usd_per_image", most: PriceEntry.highest, required: true)
        let effectiveFrom = line.moment("effective_from", required: true)
        let source = line.text("source") ?? ""
        if source.count > Self.longestSource {
            line.fault("source", "may have \(Self.longestSource) characters")
        }
        guard line.faults.isEmpty, let provider, let model, let price, let effectiveFrom else { return nil }
        return PriceEntry(
            provider: provider,
            model: model,
            renderingSpeed: speed,
            characterReference: characterReference,
            perImage: price,
            effectiveFrom: effectiveFrom,
            source: source
        )
    }

    // MARK: - History and past estimates

    private struct History: JSONWritable {
        let changes: [PriceChange]

        func write(to text: inout JSONText) {
            text.object { text in
                text.key("changes")
                text.array(changes) { text, change in
                    text.object { text in
                        text.member("changed_at", change.changedAt.description)
                        text.member("changed_by", change.changedBy)
                        text.member("old_usd_per_image", change.before?.usd)
                        change.entry.writeMembers(to: &text)
                    }
                }
            }
        }
    }

    private func history(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let limit = visit[Self.listed]
        let changes = try await Problem.of { () async throws(LedgerError) in
            try await ledger.priceChanges(limit: limit)
        }
        return .json(JSONText.bytes(of: History(changes: changes)))
    }

    private func recompute(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        let since = body.moment("since", required: true)
        let apply = body.flag("apply") ?? false
        let reconciled = body.flag("reconciled") ?? false
        guard body.faults.isEmpty, let since else { throw .invalid(body.faults) }
        do throws(LedgerError) {
            // The book as it is now, not as some gateway remembers it.
            try await terms.refresh(from: ledger)
            let result = try await recomputation.run(
                since: since,
                prices: terms.terms.prices,
                apply: apply,
                includingReconciled: reconciled
            )
            // Many transactions were made; the line that stands for all of them comes behind the last.
            if apply {
                try await ledger.record(
                    AuditEvent(
                        .recomputePrices,
                        "since \(since)",
                        by: visit.who.actor,
                        at: visit.now,
                        after: ["attempts": .count(result.changed), "reconciled": .bool(reconciled)]
                    )
                )
            }
            return .json(JSONText.bytes(of: result))
        } catch {
            throw Problem(changing: error)
        }
    }
}

extension PriceEntry {
    /// The members of a line, without the braces around them.
    fileprivate func writeMembers(to text: inout JSONText) {
        text.member("provider", provider)
        text.member("model", model.rawValue)
        text.member("rendering_speed", renderingSpeed?.rawValue)
        text.member("character_reference", characterReference)
        text.member("usd_per_image", perImage.usd)
        text.member("effective_from", effectiveFrom.text(fractionDigits: 0))
        text.member("source", source)
    }
}
