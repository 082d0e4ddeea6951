import EaselBase
package import EaselCore
import EaselMemory
import Foundation

extension MemoryLedger {
    package func simulationSample(_ query: SimulationQuery) async throws(LedgerError) -> SimulationSample {
        try with("simulationSample") { state in
            let whole = SimulationSample(query: query, total: 0, threshold: nil)
            let hashes = Self.finished(whole, state).map { Self.hash($0.admission.callID) }.sorted()
            let threshold = hashes.count > query.limit ? hashes[query.limit - 1] : nil
            return SimulationSample(query: query, total: hashes.count, threshold: threshold)
        }
    }

    package func simulationCalls(
        _ sample: SimulationSample,
        after cursor: SimulationSample.Cursor?,
        limit: Int
    ) async throws(LedgerError) -> [LoggedCall] {
        try with("simulationCalls") { state in
            let rest = Self.finished(sample, state).map { Self.logged($0, state) }.filter { call in
                guard let cursor else { return true }
                return (call.receivedAt, call.callID.text) > (cursor.receivedAt, cursor.callID.text)
            }
            return Array(rest.prefix(min(max(limit, 1), SimulationQuery.longestPage)))
        }
    }

    package func providerRecords(_ sample: SimulationSample) async throws(LedgerError) -> [ProviderRecord] {
        try with("providerRecords") { state in
            struct Key: Hashable {
                let provider: String
                let model: RemixModel
                let speed: String?
            }
            let ends = Self.finished(sample, state).flatMap { entry in
                entry.ends.values.filter { $0.outcome != .pending }.map { end in
                    let speed = entry.admission.parameters["rendering_speed"]?.stringValue
                    return (Key(provider: end.start.provider, model: entry.admission.model, speed: speed), end)
                }
            }
            return Dictionary(grouping: ends, by: \.0).map { key, ends in
                Self.record(key.provider, key.model, key.speed.flatMap(RenderingSpeed.init(rawValue:)), ends.map(\.1))
            }
            .sorted {
                ($0.provider, $0.model.rawValue, $0.renderingSpeed?.rawValue ?? "")
                    < ($1.provider, $1.model.rawValue, $1.renderingSpeed?.rawValue ?? "")
            }
        }
    }

    private static func hash(_ id: UUID) -> Int64 {
        Int64(truncatingIfNeeded: withUnsafeBytes(of: id.uuid) { Mixing.draw($0) } >> 1)
    }

    private static func finished(_ sample: SimulationSample, _ state: State) -> [Entry] {
        let query = sample.query
        return state.calls.values.filter { entry in
            let admission = entry.admission
            return entry.settlement != nil && (query.teamID == nil || admission.teamID == query.teamID)
                && admission.receivedAt >= query.since && admission.receivedAt < query.until
                && (sample.threshold.map { hash(admission.callID) <= $0 } ?? true)
        }
        .sorted {
            ($0.admission.receivedAt, $0.admission.callID.text) < ($1.admission.receivedAt, $1.admission.callID.text)
        }
    }

    private static func logged(_ entry: Entry, _ state: State) -> LoggedCall {
        let call = detail(entry, state)
        let plan = entry.admission.plan.value
        return LoggedCall(
            callID: call.callID,
            team: call.team,
            keyID: call.keyID,
            project: call.project,
            tags: call.tags,
            policy: call.policy,
            model: call.model,
            parameters: entry.admission.parameters.objectValue ?? [:],
            receivedAt: call.receivedAt,
            inputs: plan?["inputs"].flatMap { PlanInputs(json: JSONText.bytes(of: $0)) },
            candidates: LoggedCall.candidates(of: plan),
            outcome: LoggedCall.Outcome(
                status: call.status,
                provider: call.provider,
                imagesRequested: call.imagesRequested,
                imagesDelivered: call.imagesDelivered,
                cost: call.cost,
                latencyMs: call.latencyMs,
                attempts: entry.settlement?.attemptCount ?? call.attemptCount,
                failover: call.failover,
                losses: LoggedCall.losses(of: call.translation)
            )
        )
    }

    private static func record(
        _ provider: String,
        _ model: RemixModel,
        _ speed: RenderingSpeed?,
        _ ends: [AttemptEnd]
    ) -> ProviderRecord {
        let delivered = ends.filter { $0.outcome == .succeeded || $0.outcome == .partial }
        let others = ends.filter { $0.outcome != .succeeded && $0.outcome != .partial }
        let billed = delivered.filter { $0.cost != nil }
        return ProviderRecord(
            provider: provider,
            model: model,
            renderingSpeed: speed,
            succeeded: delivered.count,
            refused: ends.count { $0.outcome == .refused },
            failed: ends.count { $0.outcome == .failed },
            unknown: ends.count { $0.outcome == .unknown },
            imagesAsked: delivered.reduce(0) { $0 + $1.start.imagesAsked },
            imagesReturned: delivered.reduce(0) { $0 + $1.imagesReturned },
            billed: billed.compactMap(\.cost).reduce(.zero, +),
            billedImages: billed.reduce(0) { $0 + $1.imagesReturned },
            deliveredMs: latency(delivered),
            otherMs: latency(others)
        )
    }

    private static func latency(_ ends: [AttemptEnd]) -> ProviderRecord.Latency? {
        let times = ends.map { end in
            Double((end.timings.total ?? end.endedAt.since(end.start.startedAt)).nanoseconds) / 1_000_000
        }
        .sorted()
        guard !times.isEmpty else { return nil }
        // Between the two nearest, as percentile_cont does.
        func percentile(_ share: Double) -> Double {
            let place = share * Double(times.count - 1)
            let below = times[Int(place)]
            let above = times[min(Int(place) + 1, times.count - 1)]
            return below + (above - below) * (place - place.rounded(.down))
        }
        return ProviderRecord.Latency(
            mean: times.reduce(0, +) / Double(times.count),
            p50: percentile(0.5),
            p95: percentile(0.95)
        )
    }
}
