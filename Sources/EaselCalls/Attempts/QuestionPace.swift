import EaselBase
import EaselCore

/// When the questions of an account may be put again, where its provider asked for a pause: one task that was told to wait
/// makes the others wait too. Whoever asks about tasks looks here first.
final class QuestionPace: Sendable {
    private let notBefore = Locked<[String: SteadyInstant]>([:])

    /// Takes in what an answer asked for. A pause from the way is the one question's, not the account's.
    func note(_ pause: AskingPause?, of provider: String, now: SteadyInstant = .now) {
        guard let pause, pause.isOfAccount else { return }
        let moment = now + pause.duration
        notBefore.withLock { $0[provider] = max($0[provider] ?? moment, moment) }
    }

    /// How long the account's questions have to wait; zero where they may be put at once.
    func wait(of provider: String, now: SteadyInstant = .now) -> Duration {
        notBefore.withLock { $0[provider].map { max($0.since(now), .zero) } ?? .zero }
    }
}
