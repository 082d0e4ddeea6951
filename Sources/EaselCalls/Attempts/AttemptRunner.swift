import EaselBase
import EaselCore
import EaselTransport

/// Carries out one attempt: waiting for a slot at the gate, the exchange, and polling an accepted task.
final class AttemptRunner: Sendable {
    /// One poll's own time limit.
    static let pollTimeout = Duration.seconds(10)
    /// How long to ask for a task whose answer is missing before going on. A silent provider gets less: it has already
    /// used up the caller's patience; one that answered nonsense or broke off can be asked.
    static let recoveryAfterSilence = Duration.milliseconds(200)
    static let recoveryAfterBreak = Duration.seconds(2)
    /// The same if no other provider may be asked (`on_unknown: recover`): the caller gains nothing from haste.
    static let recoveryOfTheOnly = Duration.seconds(30)
    /// The pause after an unanswered question, if the provider named none; doubles.
    static let firstQuestionPause = Duration.milliseconds(250)
    static let longestQuestionPause = Duration.seconds(4)

    /// Keeps the provider's own id of a task.
    typealias Noting = @Sendable (AttemptStart, String) async throws(LedgerError) -> Void

    let health: ProviderHealth
    let log: Log
    private let noting: Noting

    init(health: ProviderHealth, log: Log, noting: @escaping Noting) {
        self.health = health
        self.log = log
        self.noting = noting
    }

    convenience init(
        health: ProviderHealth,
        ledger: any CallLedger,
        log: Log
    ) {
        self.init(health: health, log: log) { start, id async throws(LedgerError) in
            try await ledger.noteProviderTask(start, providerTaskID: id)
        }
    }

    /// Why a request that waited for a slot is not sent.
    enum Stop: String {
        case afterRefusal = "stopped_after_refusal"
        case afterAnswer = "stopped_after_answer"

        var sentence: String {
            switch self {
            case .afterRefusal: "The provider refused another request of this call."
            case .afterAnswer: "Another provider answered while this request waited for a slot."
            }
        }
    }

    /// One attempt from the queue to its end. What it shows about the provider's health is recorded here, or by
    /// `recover` if its answer is missing.
    func run(
        _ task: ProviderTask,
        start: AttemptStart,
        at provider: any Provider,
        gate: ProviderGate,
        permit: ProviderHealth.Permit,
        watch: AttemptWatch? = nil,
        stop: () -> Stop? = { nil }
    ) async -> ProviderResult {
        let result = await queued(task, start: start, at: provider, gate: gate, permit: permit, watch, stop)
        watch?.ended(result, at: provider)
        return result
    }

    private func queued(
        _ task: ProviderTask,
        start: AttemptStart,
        at provider: any Provider,
        gate: ProviderGate,
        permit: ProviderHealth.Permit,
        _ watch: AttemptWatch?,
        _ stop: () -> Stop?
    ) async -> ProviderResult {
        let began = SteadyInstant.now
        guard await gate.enter(team: start.teamID, timeout: task.timeout) else {
            return Self.notSent(
                "no_capacity",
                "Every slot at the provider was in use until the time ran out, or its queue was full."
            )
        }
        defer { gate.leave() }
        if let stop = stop() { return Self.notSent(stop.rawValue, stop.sentence) }
        guard health.allows(permit) else {
            return Self.notSent("breaker_open", "The provider failed too often while this request waited for a slot.")
        }
        let task = task.shortened(by: SteadyInstant.now.since(began))
        guard task.timeout > .milliseconds(10) else {
            return Self.notSent("no_capacity", "The time ran out in the queue.")
        }
        return await exchange(
            watch?.sends(task) ?? task,
            start: start,
            at: provider,
            permit: permit,
            watch: watch
        )
    }

    /// The exchange and what follows from it; the caller has a slot at the gate. Without a permit nothing is recorded
    /// about the provider's health.
    func exchange(
        _ task: ProviderTask,
        start: AttemptStart,
        at provider: any Provider,
        permit: ProviderHealth.Permit?,
        watch: AttemptWatch? = nil
    ) async -> ProviderResult {
        let exchangeBegan = SteadyInstant.now
        let kind = Self.kind(task, at: provider)
        switch await provider.perform(task) {
        case .ended(let result):
            watch?.answered(result.timings, accepted: false)
            noteEnd(kind, result, permit)
            return result
        case .accepted(let acknowledgement):
            watch?.answered(acknowledgement.timings, accepted: true)
            let (result, learnt) = await follow(
                acknowledgement,
                task,
                start: start,
                at: provider,
                kind: kind,
                began: exchangeBegan,
                watch
            )
            noteEnd(kind, result, learnt: learnt, permit)
            return result
        }
    }

    private static func kind(_ task: ProviderTask, at provider: any Provider) -> ProviderHealth.Kind {
        ProviderHealth.Kind(
            provider: provider.name,
            model: task.request.model,
            speed: task.request.effectiveSpeed
        )
    }

    private func noteEnd(
        _ kind: ProviderHealth.Kind,
        _ result: ProviderResult,
        learnt: Duration? = nil,
        _ permit: ProviderHealth.Permit?
    ) {
        // Its outcome is not known yet: the search for its answer will show it.
        guard let permit, result.failure?.wantsRecovery != true else { return }
        health.record(kind, result.failure, took: result.timings.total, learnt: learnt, permit)
    }

    @inline(never)
    static func notSent(_ code: String, _ why: String) -> ProviderResult {
        ProviderResult(failure: ProviderFailure(.notSent, code: code, message: "\(why) Nothing was sent."))
    }

    /// Asks for the outcome of a task whose answer is missing (R4). Nil: it cannot be known now. Either way the attempt
    /// is over for its call, and what it shows about the provider's health is recorded. `isOnly`: no other provider is
    /// asked afterwards.
    func recover(
        _ task: ProviderTask,
        start: AttemptStart,
        after result: ProviderResult,
        at provider: any Provider,
        permit: ProviderHealth.Permit,
        timeLeft: Duration,
        isOnly: Bool = false
    ) async -> ProviderResult? {
        let told = await search(task, after: result, at: provider, timeLeft: timeLeft, isOnly: isOnly)
        let end = told ?? result
        health.record(Self.kind(task, at: provider), end.failure, took: end.timings.total, permit)
        return told
    }

    private func search(
        _ task: ProviderTask,
        after result: ProviderResult,
        at provider: any Provider,
        timeLeft: Duration,
        isOnly: Bool
    ) async -> ProviderResult? {
        let isSilent = result.failure?.kind == .timeout
        let began = SteadyInstant.now
        let usual = isSilent ? Self.recoveryAfterSilence : Self.recoveryAfterBreak
        let limit = min(isOnly ? Self.recoveryOfTheOnly : usual, timeLeft)
        guard limit > .milliseconds(5) else { return nil }
        let question = recoverable(task, providerTaskID: result.providerTaskID)
        let pacing = PollPacing(early: .zero)
        var polls = 0
        var pause = result.failure?.retryAfter ?? .zero
        var unanswered = 0
        while true {
            // At the pace of the account: a question that would exceed our patience is not asked.
            let wait = max(pause, health.questions.wait(of: provider.name))
            guard SteadyInstant.now.since(began) + wait < limit || wait == .zero else { return nil }
            await self.pause(wait)
            let elapsed = SteadyInstant.now.since(began)
            switch await provider.recover(question, timeout: max(limit - elapsed, .milliseconds(50))) {
            case .ended(var recovered):
                recovered.timings.total = (result.timings.total ?? .zero) + SteadyInstant.now.since(began)
                recovered.providerTaskID = recovered.providerTaskID ?? result.providerTaskID
                return recovered
            case .running(let standing, working: true):
                // It is running: the result is paid for and worth waiting for, as long as an attempt may take.
                let left = min(timeLeft, isSilent && !isOnly ? limit : task.timeout) - SteadyInstant.now.since(began)
                guard left > .zero else { return standing.images.isEmpty ? nil : partial(standing, result) }
                polls += 1
                await self.pause(min(pacing.delay(elapsed: SteadyInstant.now.since(began), polls: polls), left))
                pause = .zero
                continue
            case .running(let standing, working: false):
                return standing.images.isEmpty ? nil : partial(standing, result)
            case .unknown(let asked):
                health.questions.note(asked, of: provider.name)
                pause = max(asked?.duration ?? .zero, Self.questionPause(unanswered))
            case .absent, .untraceable: return nil
            }
            unanswered += 1
        }
    }

    /// The pause after the n-th unanswered question, counted from 0.
    static func questionPause(_ unanswered: Int) -> Duration {
        min(firstQuestionPause * (1 << min(unanswered, 10)), longestQuestionPause)
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
            copyrightDetection: task.request.copyrightDetection,
            words: task.request.words
        )
    }

    // MARK: - Polling

    private func follow(
        _ acknowledgement: ProviderResult,
        _ task: ProviderTask,
        start: AttemptStart,
        at provider: any Provider,
        kind: ProviderHealth.Kind,
        began: SteadyInstant,
        _ watch: AttemptWatch?
    ) async -> (ProviderResult, learnt: Duration?) {
        let question = recoverable(task, providerTaskID: acknowledgement.providerTaskID)
        async let noted: Void = note(acknowledgement.providerTaskID, start)
        let pacing = PollPacing(early: health.earlyDuration(kind))
        var latest = acknowledgement
        var polls = 0
        var newestAt = began
        /// Not to be asked before this, according to the last answer.
        var notBefore = began
        /// Unanswered questions in a row.
        var unanswered = 0
        var ended: ProviderResult?
        var learnt: Duration?
        while ended == nil {
            let elapsed = SteadyInstant.now.since(began)
            let left = task.timeout - elapsed
            guard left > .zero else { break }
            // If the requested pause is longer than the remaining time, stop asking.
            let asked = max(notBefore.since(.now), health.questions.wait(of: provider.name))
            guard asked < left else { break }
            // If no pause was requested, less and less often.
            let own = unanswered > 0 ? Self.questionPause(unanswered - 1) : .zero
            await pause(max(asked, min(max(own, pacing.delay(elapsed: elapsed, polls: polls)), left)))
            polls += 1
            let askedAt = SteadyInstant.now.since(began)
            let told = await provider.poll(
                question,
                timeout: max(.milliseconds(50), min(Self.pollTimeout, task.timeout - askedAt))
            )
            watch?.polled(told)
            switch told {
            case .ended(let result):
                ended = result
                // A task that was done at the first question may have been done long before: lean towards asking earlier.
                learnt = polls == 1 ? askedAt / 2 : askedAt
            case .running(let standing, let working):
                let isNews = standing.images.count > latest.images.count
                if isNews || (standing.failure != nil && latest.failure == nil) { newestAt = .now }
                if standing.images.count >= latest.images.count { latest = standing }
                // Something came, nothing is reported as running, and nothing has changed for as long as it took: that
                // was all.
                let still = SteadyInstant.now.since(newestAt)
                let hasSome = !latest.images.isEmpty || latest.failure != nil
                if !working, hasSome, still > max(.seconds(2), askedAt / 2) { ended = latest }
            case .unknown(let pause):
                health.questions.note(pause, of: provider.name)
                if let pause { notBefore = .now + pause.duration }
                unanswered += 1
                continue
            case .absent, .untraceable: break
            }
            unanswered = 0
        }
        await noted
        var result = ended ?? latest
        if ended == nil {
            result.failure = ProviderFailure(
                .timeout,
                code: "timeout",
                message: "The provider accepted the task and did not finish it in time.",
                // For the next one who asks about it.
                retryAfter: notBefore > .now ? notBefore.since(.now) : nil
            )
        }
        result.timings = acknowledgement.timings
        result.timings.total = SteadyInstant.now.since(began)
        result.providerTaskID = result.providerTaskID ?? acknowledgement.providerTaskID
        result.providerRequestID = acknowledgement.providerRequestID ?? result.providerRequestID
        return (result, learnt)
    }

    /// The provider's own id of the task must be recorded in case this process dies (M7).
    private func note(_ providerTaskID: String?, _ start: AttemptStart) async {
        guard let providerTaskID else { return }
        do throws(LedgerError) {
            try await noting(start, providerTaskID)
        } catch {
            log.warning("task id not noted", ["attempt_id": start.attemptID.text, "error": sentence(for: error)])
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
