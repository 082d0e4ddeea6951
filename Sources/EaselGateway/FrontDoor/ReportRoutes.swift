import EaselBase
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport

/// Reports.
final class ReportRoutes: Sendable {
    let ledger: any Ledger
    let authenticator: Authenticator
    let time: TimeSource

    init(
        ledger: any Ledger,
        authenticator: Authenticator,
        time: TimeSource
    ) {
        self.ledger = ledger
        self.authenticator = authenticator
        self.time = time
    }

    func usage(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let (query, _) = try await query(request, UsageQueryParser.Form())
        do {
            return .json(JSONText.bytes(of: ReportBuilder.usage(try await ledger.usage(query))))
        } catch {
            throw Problem(error)
        }
    }

    func shadow(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        let account = try await authenticator.account(for: request)
        let parsed: ShadowQueryParser.Parsed
        do {
            parsed = try ShadowQueryParser(now: time.now).parse(request.query)
        } catch {
            throw .invalid(error.faults)
        }
        var query = parsed.query
        query.teamID = try await teamID(parsed.team, for: account)
        do throws(LedgerError) {
            return .json(JSONText.bytes(of: ReportBuilder.shadow(try await ledger.shadowReport(query))))
        } catch {
            throw Problem(error)
        }
    }

    /// What a report is asked for, for the teams that the caller may see, and the values of the report's own parameters.
    func query(
        _ request: ServerRequest,
        _ form: UsageQueryParser.Form
    ) async throws(Problem) -> (UsageQuery, own: [String: String]) {
        let account = try await authenticator.account(for: request)
        let parsed: UsageQueryParser.Parsed
        do {
            parsed = try UsageQueryParser(now: time.now, form: form).parse(request.query)
        } catch {
            throw .invalid(error.faults)
        }
        var query = parsed.query
        query.teamID = try await teamID(parsed.team, for: account)
        return (query, parsed.own)
    }

    /// Whose figures the caller gets: nil is every team's, for admins.
    private func teamID(_ name: String?, for account: Account) async throws(Problem) -> Int64? {
        guard account.role == .admin else {
            if let name, name != account.team {
                throw Problem(.forbidden, "This key reads the figures of its own team only.")
            }
            return account.teamID
        }
        guard let name else { return nil }
        do {
            if let team = try await ledger.team(named: name) { return team.id }
        } catch {
            throw Problem(error)
        }
        throw .invalid([RequestFault("team", "is not known")])
    }
}
