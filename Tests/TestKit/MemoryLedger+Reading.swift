package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func call(_ id: UUID, teamID: Int64?) async throws(LedgerError) -> CallDetail? {
        try with("call") { state in
            guard let entry = state.calls[id], teamID == nil || entry.admission.teamID == teamID else { return nil }
            return Self.detail(entry, state)
        }
    }

    package func calls(_ query: CallQuery) async throws(LedgerError) -> [CallDetail] {
        try with("calls") { state in
            let all = state.order.reversed().compactMap { state.calls[$0] }.map { Self.detail($0, state) }
            let rest = query.cursor.map { cursor in Array(all.drop { $0.callID != cursor }.dropFirst()) } ?? all
            let found = rest.filter { call in
                (query.teamID == nil || call.teamID == query.teamID)
                    && (query.provider == nil || call.provider == query.provider)
                    && (query.status == nil || call.status == query.status)
                    && (query.nsfw == nil || call.images.contains { $0.nsfw == true } == query.nsfw)
                    && (query.copyright == nil || call.images.contains { $0.copyright == query.copyright })
                    && (query.since.map { call.receivedAt >= $0 } ?? true)
                    && (query.until.map { call.receivedAt < $0 } ?? true)
            }
            return Array(found.prefix(query.limit))
        }
    }

    package func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport {
        try with("usage") { state in
            var groups: [[String?]: UsageFigures] = [:]
            var totals = UsageFigures()
            var quality = DataQuality()
            for entry in state.order.compactMap({ state.calls[$0] }) {
                let call = Self.detail(entry, state)
                guard query.teamID == nil || call.teamID == query.teamID, call.status != .inProgress,
                    call.receivedAt >= query.from, call.receivedAt < query.to
                else { continue }
                Self.add(
                    call,
                    state.book.confirmations,
                    to: &groups[query.groupBy.map { Self.value($0, of: call) }, default: UsageFigures()]
                )
                Self.add(call, state.book.confirmations, to: &totals)
                quality.unknownAttempts += call.attempts.count { $0.outcome == .unknown }
                quality.unpricedAttempts += call.attempts.count { $0.outcome != .unknown && $0.cost == nil }
            }
            let rows = groups.map { UsageReport.Row(group: $0.key, figures: $0.value) }
            let sorted = rows.sorted { $0.group.map { $0 ?? "" }.lexicographicallyPrecedes($1.group.map { $0 ?? "" }) }
            return UsageReport(query: query, rows: sorted, totals: totals, dataQuality: quality)
        }
    }

    package func redact(
        _ redaction: Redaction,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> Int {
        try with("redact") { state in
            let found = state.calls.values.map(\.admission).filter { call in
                guard call.prompt != nil, !state.redacted.contains(call.callID) else { return false }
                if let id = redaction.callID, id != call.callID { return false }
                if let id = redaction.keyID, id != call.keyID { return false }
                if let id = redaction.teamID, id != call.teamID { return false }
                if let tag = redaction.tag, call.tags[tag.name] != tag.value { return false }
                if let before = redaction.before, call.receivedAt >= before { return false }
                return true
            }
            state.redacted.formUnion(found.map(\.callID))
            state.note(.redacted(redaction, calls: found.count, by: actor, at: moment))
            return found.count
        }
    }

    package func attempts(_ query: UsageQuery) async throws(LedgerError) -> AttemptReport {
        try with("attempts") { state in
            var groups: [[String?]: AttemptFigures] = [:]
            var totals = AttemptFigures()
            for entry in state.order.compactMap({ state.calls[$0] }) {
                let call = Self.detail(entry, state)
                guard query.teamID == nil || call.teamID == query.teamID, call.status != .inProgress,
                    call.receivedAt >= query.from, call.receivedAt < query.to
                else { continue }
                for attempt in call.attempts {
                    var figures = AttemptFigures()
                    figures[.attempts] = 1
                    figures[.sent] = attempt.sent == true ? 1 : 0
                    switch attempt.outcome {
                    case .succeeded: figures[.succeeded] = 1
                    case .partial: figures[.partial] = 1
                    case .refused: figures[.refused] = 1
                    case .failed: figures[.failed] = 1
                    case .unknown: figures[.unknown] = 1
                    case .pending: break
                    }
                    figures[money: .cost] = attempt.cost ?? .zero
                    let isWasted = ![.succeeded, .partial].contains(attempt.outcome)
                    figures[money: .wasted] = isWasted ? figures[money: .cost] : .zero
                    if let total = attempt.totalMs { figures[.total].add(Int(total) * 1000) }
                    let group = query.groupBy.map { dimension in
                        switch dimension {
                        case .provider: attempt.provider
                        case .error: attempt.errorCode
                        default: Self.value(dimension, of: call)
                        }
                    }
                    groups[group, default: AttemptFigures()].add(figures)
                    totals.add(figures)
                }
            }
            let rows = groups.map { AttemptReport.Row(group: $0.key, figures: $0.value) }
            let sorted = rows.sorted { $0.group.map { $0 ?? "" }.lexicographicallyPrecedes($1.group.map { $0 ?? "" }) }
            return AttemptReport(query: query, rows: sorted, totals: totals)
        }
    }

    package func providerSpend(since: Timestamp) async throws(LedgerError) -> [String: Money] {
        try with("providerSpend") { state in
            state.calls.values.flatMap(\.ends.values).filter { $0.start.startedAt >= since }
                .reduce(into: [:]) { $0[$1.start.provider, default: .zero] += $1.cost ?? .zero }
        }
    }

    package func ping() async throws(LedgerError) { try with("ping") { _ in } }

    private static func value(_ dimension: UsageQuery.Dimension, of call: CallDetail) -> String? {
        switch dimension {
        case .team: call.team
        case .provider: call.provider
        case .model: call.model.rawValue
        case .project: call.project
        case .key: call.keyID.text
        case .day: String(call.receivedAt.description.prefix(10))
        case .hour: String(call.receivedAt.description.prefix(13))
        case .error: nil
        case .tag(let name): call.tags[name]
        }
    }

    private static func add(_ call: CallDetail, _ reconciled: [UUID: UUID], to figures: inout UsageFigures) {
        figures[.calls] += 1
        figures[.images] += call.imagesDelivered
        figures[money: .cost] += call.cost ?? .zero
        figures[money: .estimated] += call.estimated ?? .zero
        figures[money: .reconciled] += call.attempts.filter { reconciled[$0.attemptID] != nil }.compactMap(\.cost)
            .reduce(.zero, +)
        figures[.failovers] += call.failover ? 1 : 0
        figures[.nsfwImages] += call.images.count { $0.nsfw == true }
        switch call.status {
        case .succeeded: figures[.succeeded] += 1
        case .partial: figures[.partial] += 1
        case .refused: figures[.refused] += 1
        case .failed, .inProgress: figures[.failed] += 1
        }
    }

    static func detail(_ entry: Entry, _ state: State) -> CallDetail {
        let admission = entry.admission
        let settled = entry.settlement
        var detail = CallDetail(
            key: admission.key,
            team: state.book.teams.first { $0.id == admission.teamID }?.name ?? "",
            keyID: admission.keyID,
            project: admission.project,
            tags: admission.tags,
            policy: admission.policy,
            model: admission.model,
            provider: settled?.provider,
            status: settled?.status ?? .inProgress,
            errorCode: settled?.errorCode,
            imagesRequested: admission.imagesRequested,
            imagesDelivered: settled?.imagesDelivered ?? 0,
            charge: Cost.Recorded(entry.figures?.charge),
            estimated: entry.figures?.estimated,
            latencyMs: entry.latencyMs,
            attemptCount: entry.starts.count,
            failover: settled?.failover ?? false,
            attempts: entry.starts.map { attempt($0, entry) },
            images: entry.images,
            translation: settled?.translation ?? admission.translation,
            prompt: state.redacted.contains(admission.callID) ? nil : admission.prompt,
            plan: admission.plan.value
        )
        detail.shadow = state.book.shadows.first { $0.start.callID == admission.callID }?.summary
        return detail
    }

    private static func attempt(_ start: AttemptStart, _ entry: Entry) -> CallDetail.Attempt {
        let end = entry.ends[start.attemptID]
        return CallDetail.Attempt(
            attemptID: start.attemptID,
            ordinal: start.ordinal,
            provider: start.provider,
            providerModel: start.providerModel,
            taskID: entry.notes[start.attemptID] ?? start.taskID.text,
            startedAt: start.startedAt,
            outcome: entry.outcome(of: start),
            reason: end?.reason,
            errorCode: end?.errorCode,
            httpStatus: end?.httpStatus,
            sent: end?.sent,
            charge: Cost.Recorded(end?.charge),
            totalMs: end?.timings.total.map { Int($0.milliseconds) },
            duplicateRisk: start.duplicateRisk,
            phases: end?.timings ?? PhaseTimings()
        )
    }
}
