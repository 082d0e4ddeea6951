import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Comparisons with the providers' figures, for admins.
final class ReconciliationRoutes: Sendable {
    /// Comparisons that a list shows, unless fewer are asked for.
    static let mostListed = 200
    static let usuallyListed = 20

    private let ledger: any Ledger
    private let providers: [String: any Provider]
    private let authenticator: Authenticator
    private let time: TimeSource

    init(ledger: any Ledger, providers: [String: any Provider], authenticator: Authenticator, time: TimeSource) {
        self.ledger = ledger
        self.providers = providers
        self.authenticator = authenticator
        self.time = time
    }

    /// Compares, keeps the result and answers it.
    func create(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let body = try await smallBody(request, known: ReconciliationRequest.fields)
        let now = time.now
        let wanted = try ReconciliationRequest(body, providers: Array(providers.keys), now: now)
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

    func list(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        var faults: [RequestFault] = []
        for (name, _) in request.query where name != "provider" && name != "limit" {
            faults.append(RequestFault(String(name.prefix(64)), "is not known; there are limit, provider"))
        }
        let limit = request.queryValue("limit").map { Int($0) } ?? Self.usuallyListed
        if limit.map({ (1...Self.mostListed).contains($0) }) != true {
            faults.append(RequestFault("limit", "must be a whole number from 1 to \(Self.mostListed)"))
        }
        guard faults.isEmpty, let limit else { throw .invalid(faults) }
        let heads: [ReconciliationHead]
        do {
            heads = try await ledger.reconciliations(provider: request.queryValue("provider"), limit: limit)
        } catch {
            throw Problem(error)
        }
        return try json(List(reconciliations: heads))
    }

    func show(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let found: Reconciliation?
        do {
            found = if let id = UUID(uuidString: text) { try await ledger.reconciliation(id) } else { nil }
        } catch {
            throw Problem(error)
        }
        guard let found else { throw Problem(.notFound, "There is no comparison of this id.") }
        return try json(found)
    }
}
