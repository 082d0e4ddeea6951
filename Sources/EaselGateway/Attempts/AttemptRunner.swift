import EaselBase
import EaselCore
import EaselTransport

/// Carries out one attempt: a place at the gate, the exchange, and the polls of an accepted task.
final class AttemptRunner: Sendable {
    /// One poll's own time limit.
    static let pollTimeout = Duration.seconds(10)
    /// How long to ask for a task whose answer is missing before going on. A provider that was silent gets less: it has
    /// used up the caller's patience already; one that answered nonsense or broke off is there to be asked.
    static let recoveryAfterSilence = Duration.milliseconds(200)
    static let recoveryAfterBreak = Duration.seconds(2)

    let health: ProviderHealth
    let ledger: any Ledger
    let log: Log

    init(
        health: ProviderHealth,
        ledger: any Ledger,
        log: Log
    ) {
        self.health = health
        self.ledger = ledger
        self.log = log
    }

    func run(
        _ task: ProviderTask,
        start: AttemptStart,
        at provider: any Provider,
        gate: ProviderGate,
        isStopped: () -> Bool = { false }
    ) async -> ProviderResult {
        let began = SteadyInstant.now
        guard await gate.enter(timeout: task.timeout) else {
            return Self.notSent("no_capacity", "Every place at the provider was taken until the time ran out.")
        }
        defer { gate.leave() }
        if isStopped() {
            return Self.notSent("stopped_after_refusal", "The provider refused another request of this call.")
        }
        let task = task.shortened(by: SteadyInstant.now.since(began))
        guard task.timeout > .milliseconds(10) else {
            return Self.notSent("no_capacity", "The time ran out in the queue.")
        }
        let exchangeBegan = SteadyInstant.now
        let kind = ProviderHealth.Kind(
            provider: provider.name,
            model: task.request.model,
            speed: task.request.effectiveSpeed
        )
        switch await provider.perform(task) {
        case .ended(let result):
            if result.failure == nil, let total = result.timings.total { health.record(kind, took: total) }
            return result
        case .accepted(let acknowledgement):
            return await follow(acknowledgement, task, start: start, at: provider, kind: kind, began: exchangeBegan)
        }
    }

    @inline(never)
    static func notSent(_ code: String, _ why: String) -> ProviderResult {
        ProviderResult(failure: ProviderFailure(.notSent, code: code, message: "\(why) Nothing was sent."))
    }

    /// Asks for the end of a task whose answer is missing (R4). Nil: it cannot be told now.
    func recover(
        _ task: ProviderTask,
        start: AttemptStart,
        after result: ProviderResult,
        at provider: any Provider,
        timeLeft: Duration
    ) async -> ProviderResult? {
        let isSilent = result.failure?.kind == .timeout
        let began = SteadyInstant.now
        let limit = min(isSilent ? Self.recoveryAfterSilence : Self.recoveryAfterBreak, timeLeft)
        guard limit > .milliseconds(5) else { return nil }
        let question = recoverable(task, providerTaskID: result.providerTaskID)
        let pacing = PollPacing(early: .zero)
        var polls = 0
        while true {
            let elapsed = SteadyInstant.now.since(began)
            switch await provider.recover(question, timeout: max(limit - elapsed, .milliseconds(50))) {
            case .ended(var recovered):
                recovered.timings.total = (result.timings.total ?? .zero) + SteadyInstant.now.since(began)
                recovered.providerTaskID = recovered.providerTaskID ?? result.providerTaskID
                return recovered
            case .running(let standing, working: true):
                // It runs: what was paid for is worth waiting for, as long as an attempt may take.
                let left = min(timeLeft, isSilent ? limit : task.timeout) - SteadyInstant.now.since(began)
                guard left > .zero else { return standing.images.isEmpty ? nil : partial(standing, result) }
                polls += 1
                await pause(min(pacing.delay(elapsed: SteadyInstant.now.since(began), polls: polls), left))
            case .running(let standing, working: false):
                return standing.images.isEmpty ? nil : partial(standing, result)
            case .unknown: return nil
            }
        }
    }

    private func partial(_ standing: ProviderResult, _ result: ProviderResult) -> ProviderResult {
        var kept = standing
        kept.failure = result.failure
        return kept
    }

    private func recoverable(_ task: ProviderTask, providerTaskID: String?) -> RecoverableTask {
        RecoverableTask(
            taskID: task.taskID,
            providerTaskID: providerTaskID,
            model: task.request.model,
            count: task.count,
            copyrightDetection: task.request.copyrightDetection
        )
    }

    // MARK: - Polling

    private func follow(
        _ acknowledgement: ProviderResult,
        _ task: ProviderTask,
        start: AttemptStart,
        at provider: any Provider,
        kind: ProviderHealth.Kind,
        began: SteadyInstant
    ) async -> ProviderResult {
        let question = recoverable(task, providerTaskID: acknowledgement.providerTaskID)
        async let noted: Void = note(acknowledgement.providerTaskID, start)
        let pacing = PollPacing(early: health.earlyDuration(kind))
        var latest = acknowledgement
        var polls = 0
        var newestPictureAt = began
        var ended: ProviderResult?
        while ended == nil {
            let elapsed = SteadyInstant.now.since(began)
            let left = task.timeout - elapsed
            guard left > .zero else { break }
            await pause(min(pacing.delay(elapsed: elapsed, polls: polls), left))
            polls += 1
            let asked = SteadyInstant.now.since(began)
            switch await provider.poll(
                question,
                timeout: max(.milliseconds(50), min(Self.pollTimeout, task.timeout - asked))
            ) {
            case .ended(let result):
                ended = result
                // A task that was done at the first question may have been done long before: lean towards asking earlier.
                if result.failure == nil { health.record(kind, took: polls == 1 ? asked / 2 : asked) }
            case .running(let standing, let working):
                if standing.images.count > latest.images.count { newestPictureAt = .now }
                if standing.images.count >= latest.images.count { latest = standing }
                // Some came, nothing is said to be running, and nothing has moved for as long as it took: that was all.
                let still = SteadyInstant.now.since(newestPictureAt)
                if !working, !latest.images.isEmpty, still > max(.seconds(2), asked / 2) { ended = latest }
            case .unknown: break
            }
        }
        await noted
        var result = ended ?? latest
        if ended == nil {
            result.failure = ProviderFailure(
                .timeout,
                code: "timeout",
                message: "The provider accepted the task and did not finish it in time."
            )
        }
        result.timings = acknowledgement.timings
        result.timings.total = SteadyInstant.now.since(began)
        result.providerTaskID = result.providerTaskID ?? acknowledgement.providerTaskID
        result.providerRequestID = acknowledgement.providerRequestID ?? result.providerRequestID
        return result
    }

    /// The provider's own name of the task must be on record before we may lose our memory (M7).
    private func note(_ providerTaskID: String?, _ start: AttemptStart) async {
        guard let providerTaskID else { return }
        do throws(LedgerError) {
            try await ledger.noteProviderTask(start, providerTaskID: providerTaskID)
        } catch {
            log.warning("task id not noted", ["attempt_id": start.attemptID.text, "error": "\(error)"])
        }
    }

    private func pause(_ duration: Duration) async {
        guard duration > .zero else { return }
        if let loop = EventLoop.current {
            try? await loop.sleep(for: duration)
        } else {
            try? await Task.sleep(for: duration)
        }
    }
}
