import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Comparisons with the providers' figures, for admins.
final class ReconciliationRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/reconciliations",
            .admin,
            "Comparisons with the providers' figures, newest first",
            query: .only([limit, provider]),
            gives: [.json(Shapes.reconciliations, "The comparisons.")]
        ) {
            api,
            visit throws(Problem) in try await api.reconciliations.list(visit)
        },
        ApiRoute(
            "POST",
            "/v1/reconciliations",
            .admin,
            "Compares the log with a provider's figures, and keeps the result",
            load: .countedReport,
            body: .object(ReconciliationRequest.fields),
            example: [
                "provider": "ideogram", "from": "2026-11-01", "to": "2026-11-02", "source": "invoice 17",
                "rows": [["day": "2026-11-01", "images": 100, "cost_usd": "6"]],
            ],
            gives: [
                .json(
                    Shapes.reconciliation,
                    "The comparison.",
                    status: 201,
                    headers: [.always("Location", .text, "Where to read it.")]
                )
            ],
            fails: [.providersFailed]
        ) { api, visit throws(Problem) in try await api.reconciliations.create(visit) },
        ApiRoute(
            "GET",
            "/v1/reconciliations/{id}",
            .admin,
            "One comparison",
            gives: [.json(Shapes.reconciliation, "The comparison.")]
        ) { api, visit throws(Problem) in
            try await api.reconciliations.show(visit)
        },
    ]

    private static let limit = QueryParameter.integer("limit", 1...200, usual: 20, "How many comparisons to list.")
    private static let provider = QueryParameter.text("provider", "The name of a provider: only its comparisons.")

    private let ledger: any ReconciliationBook
    private let providers: [String: any Provider]

    init(ledger: any ReconciliationBook, providers: [String: any Provider]) {
        self.ledger = ledger
        self.providers = providers
    }

    private func create(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let now = visit.now
        // What is not known among the members is named with the rest.
        let wanted = try ReconciliationRequest(
            visit.members,
            known: visit.body.faults,
            providers: Array(providers.keys),
            now: now
        )
        guard let provider = providers[wanted.span.provider] else {
            throw Problem(.internalError, "The provider is gone.")
        }
        let reconciliation: Reconciliation
        do throws(Reconciler.Failure) {
            reconciliation = try await Reconciler(ledger: ledger).run(
                wanted.span,
                provider,
                usage: wanted.usage,
                source: wanted.source,
                at: now
            )
        } catch {
            switch error {
            case .unsupported(let reason): throw .invalid([RequestFault("rows", "is required here: \(reason)")])
            case .failed(let reason): throw Problem(.providersFailed, reason)
            case .ledger(let error): throw Problem(error)
            }
        }
        let fields = HTTPFields([("Location", "/v1/reconciliations/\(reconciliation.id.text)")])
        return try json(reconciliation, status: 201, fields: fields)
    }

    private struct List: Encodable { let reconciliations: [ReconciliationHead] }

    private func list(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let heads = try await Problem.of { () async throws(LedgerError) in
            try await ledger.reconciliations(provider: visit[Self.provider], limit: visit[Self.limit])
        }
        return try json(List(reconciliations: heads))
    }

    private func show(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let missing = "There is no comparison with this id."
        let id = try visit.id(orMissing: missing)
        let found = try await Problem.of { () async throws(LedgerError) in try await ledger.reconciliation(id) }
        guard let found else { throw Problem(.notFound, missing) }
        return try json(found)
    }
}
