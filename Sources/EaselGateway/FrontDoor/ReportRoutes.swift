import EaselBase
import EaselCore
import EaselReporting
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
        let account = try await authenticator.account(for: request)
        let parsed: UsageQueryParser.Parsed
        do {
            parsed = try UsageQueryParser(now: time.now).parse(request.query)
        } catch {
            throw .invalid(error.faults)
        }
        var query = parsed.query
        if account.role == .admin {
            query.teamID = try await teamID(parsed.team)
        } else {
            if let team = parsed.team, team != account.team {
                throw Problem(.forbidden, "This key reads the figures of its own team only.")
            }
            query.teamID = account.teamID
        }
        let report: UsageReport
        do {
            report = try await ledger.usage(query)
        } catch {
            throw Problem(error)
        }
        do {
            return .json(try UsageReportRenderer(report).json())
        } catch {
            throw Problem(.internalError, "The report could not be written.")
        }
    }

    private func teamID(_ name: String?) async throws(Problem) -> Int64? {
        guard let name else { return nil }
        do {
            if let team = try await ledger.teams().first(where: { $0.name == name }) { return team.id }
        } catch {
            throw Problem(error)
        }
        throw .invalid([RequestFault("team", "is not known")])
    }
}
