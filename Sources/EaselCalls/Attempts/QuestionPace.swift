import EaselBase
import EaselCore

/// When questions about an account's tasks may be asked again after its provider asked for a pause: one task that was
/// told to wait makes the others wait too. Every question about a task checks here first.
final class QuestionPace: Sendable {
    private let notBefore = Locked<[String: SteadyInstant]>([:])

    /// Records the pause that an answer asked for. A pause from an intermediary applies to the one question, not to the
    /// account.
    func note(_ pause: AskingPause?, of provider: String, now: SteadyInstant = .now) {
        guard let pause, pause.isOfAccount else { return }
        let moment = now + pause.duration
        notBefore.withLock { $0[provider] = max($0[provider] ?? moment, moment) }
    }

    /// How long the account's questions have to wait; zero if they may be asked at once.
    func wait(of provider: String, now: SteadyInstant = .now) -> Duration {
        notBefore.withLock { $0[provider].map { max($0.since(now), .zero) } ?? .zero }
    }
}
