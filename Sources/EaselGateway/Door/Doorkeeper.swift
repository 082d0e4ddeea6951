import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// How much a request asks of us, and so what it has to wait for or is counted against.
enum Load: String, Sendable {
    /// Little: nothing is counted.
    case light
    /// It counts against the key's limits, as everything does that costs as much as a remix.
    case counted
    /// It reads much of the log: it waits until its team has a place, so that no team's reports keep others from the
    /// database.
    case report
    /// Both.
    case countedReport = "counted_report"

    var isCounted: Bool { self == .counted || self == .countedReport }
    var isReport: Bool { self == .report || self == .countedReport }
}

/// What stands between a request and its handler: keys, their limits, and places for what reads much.
final class Doorkeeper: Sendable {
    let authenticator: Authenticator
    let limits: KeyLimits
    /// Everything that reads much of the log for people.
    let reports: ReportGate
    /// Whether `/metrics` is open to everybody.
    let publicMetrics: Bool
    let time: TimeSource

    init(
        authenticator: Authenticator,
        limits: KeyLimits,
        reports: ReportGate,
        publicMetrics: Bool,
        time: TimeSource
    ) {
        self.authenticator = authenticator
        self.limits = limits
        self.reports = reports
        self.publicMetrics = publicMetrics
        self.time = time
    }

    /// Runs `body`, which lets the caller in and reads what it sends, and `work` behind it, as the load asks. A body that comes slowly
    /// counts against its key, and holds no place that others wait for.
    func carry<Sent: Sendable>(
        _ load: Load,
        for account: Account?,
        reading body: () async throws(Problem) -> Sent,
        _ work: (Sent) async throws(Problem) -> ServerResponse
    ) async throws(Problem) -> ServerResponse {
        guard let account, load != .light else { return try await work(try await body()) }
        if load.isCounted { try limits.enter(account) }
        defer { if load.isCounted { limits.leave(account) } }
        let sent = try await body()
        guard load.isReport else { return try await work(sent) }
        return try await reports.run(team: account.teamID) { () async throws(Problem) in try await work(sent) }
    }
}
