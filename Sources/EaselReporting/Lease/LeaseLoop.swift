import EaselBase
import EaselCore
import Foundation

/// Carries out what a `LeaseTerm` says, for as long as its task is not cancelled.
struct LeaseLoop: Sendable {
    let store: any LeaseStore
    /// What is competed for.
    let name: String
    let holder: UUID
    let pacing: LeaseTerm.Pacing
    /// Whether the lease is kept beside the rounds. Not where a round keeps it in what it writes: its transaction has the
    /// lease's row until it ends.
    let keepsBesideRounds: Bool
    /// The error is that of a failure.
    let tell: @Sendable (LeaseTerm.News, LedgerError?) -> Void

    /// Does one round after the other while it holds the lease. Cancelled, it leaves the lease to others at once.
    func run(_ round: (Lease) async throws(LedgerError) -> LeaseTerm.End) async {
        let term = Locked(LeaseTerm(pacing, at: .now))
        while true {
            if Task.isCancelled { term.withLock { $0.stop() } }
            switch term.withLock({ $0.next(at: .now) }) {
            case .ask: await ask(term)
            case .work(let lease): await work(term, lease, round)
            case .wait(let moment): try? await Task.sleep(for: moment.since(.now))
            // The cancelled task cannot wait any more.
            case .release(let lease): await Task { try? await store.releaseLease(lease) }.value
            case .end: return
            }
        }
    }

    private func ask(_ term: Locked<LeaseTerm>) async {
        let asked = SteadyInstant.now
        do throws(LedgerError) {
            let lease = try await store.acquireLease(name, holder: holder, for: pacing.length)
            tell(term.withLock { $0.answered(lease, asked: asked, at: .now) })
        } catch {
            failed(term, error)
        }
    }

    private func work(
        _ term: Locked<LeaseTerm>,
        _ lease: Lease,
        _ round: (Lease) async throws(LedgerError) -> LeaseTerm.End
    ) async {
        let keeper = keepsBesideRounds ? Task { await keep(term) } : nil
        let began = SteadyInstant.now
        let result: Result<LeaseTerm.End, LedgerError>
        do throws(LedgerError) {
            result = .success(try await round(lease))
        } catch {
            result = .failure(error)
        }
        keeper?.cancel()
        await keeper?.value
        switch result {
        case .success(let end): tell(term.withLock { $0.ended(lease, end, began: began, at: .now) })
        case .failure(let error): failed(term, error)
        }
    }

    /// Keeps the lease while a round of its holder goes on. One that was lost meanwhile and comes back has another epoch,
    /// so that what the round still writes is refused.
    private func keep(_ term: Locked<LeaseTerm>) async {
        while !Task.isCancelled, let step = term.withLock({ $0.keeping(at: .now) }) {
            if case .wait(let moment) = step {
                try? await Task.sleep(for: moment.since(.now))
                continue
            }
            let asked = SteadyInstant.now
            do throws(LedgerError) {
                let lease = try await store.acquireLease(name, holder: holder, for: pacing.length)
                tell(term.withLock { $0.answered(lease, asked: asked, at: .now) })
            } catch {
                term.withLock { $0.keepingFailed(at: .now) }
            }
        }
    }

    private func failed(_ term: Locked<LeaseTerm>, _ error: LedgerError) {
        // Whoever is cancelled fails at whatever it was about.
        if Task.isCancelled { return }
        tell(term.withLock { $0.failed(at: .now) }, error)
    }

    private func tell(_ news: [LeaseTerm.News], _ error: LedgerError? = nil) {
        for one in news { tell(one, error) }
    }
}
