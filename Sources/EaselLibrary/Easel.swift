import EaselBase
import EaselCalls
import EaselConfiguration
import EaselCore
import EaselMemory
import EaselTransport
public import Foundation

/// Sends remixes through policies and failover, in this process.
///
/// What happens to a call is what happens to it in the gateway: it is planned, its upper bound is reserved, each attempt is
/// on record before it is sent, another provider is asked where one fails, and one settlement says what it cost.
///
/// ```swift
/// let easel = try await Easel(.init(providers: [.ideogram(key: key), .runware(key: otherKey)]))
/// let reply = try await easel.remix(.init("a quiet harbour as a woodcut", image: .bytes(image)))
/// await easel.shutdown()
/// ```
///
/// One Easel serves many calls at a time, as far as the images that they hold fit into memory (`limits.held_bytes`); make one for a
/// program, and shut it down at its end.
public final class Easel: Sendable {
    private let parts: Parts
    private let account: Account
    private let beside: Task<Void, Never>
    private let closing = Locked<Task<Void, Never>?>(nil)

    /// Opens the ledger and gets ready to send. Nothing is asked of a provider yet.
    ///
    /// - Throws: `EaselError` with the code `configuration` where something in it is wrong, with every fault in its sentence,
    ///   and `unavailable` where the database cannot be used.
    public init(_ configuration: Configuration) async throws(EaselError) {
        let parts = try await Parts.open(configuration)
        self.parts = parts
        account = Account(
            teamID: parts.team.id,
            team: parts.team.name,
            keyID: Self.keyID,
            role: .member,
            inlinePolicies: true
        )
        beside = Task { await parts.run() }
    }

    /// Of calls that came in by no key.
    private static let keyID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2))

    /// Sends a remix, and returns when images are there.
    ///
    /// It returns normally where a provider kept images back on content grounds: those have no bytes. Cancelled, it returns as
    /// always: what was sent is paid for, so it is finished and written down, and nothing further is sent.
    ///
    /// - Throws: why there is no image. An error with a `callID` is that of a call that was begun, and may have cost
    ///   something: see its `attempts`.
    public func remix(_ remix: Remix) async throws(EaselError) -> Reply {
        let began = SteadyInstant.now
        if parts.isClosed { throw EaselError(.unavailable, "This Easel was shut down; nothing was spent.") }
        let ending: CallEnding
        do throws(CallFailure) {
            ending = try await parts.engine.ending(of: remix.draft, for: account, began: began, on: parts.group.next())
        } catch {
            throw EaselError(error)
        }
        if let failure = ending.failure { throw EaselError(failure) }
        return Reply(ending)
    }

    /// What the calls of this Easel may still cost; nil where its ledger has no budget of its own, or is a database.
    public var budgetLeft: Decimal? {
        guard let standing = parts.memory?.standing(at: TimeSource.system.now),
            case .money(let left) = standing.remaining(at: TimeSource.system.now)
        else { return nil }
        return left.decimal
    }

    /// Takes no further call, waits for those under way, and closes everything that was opened. Whoever asks a second time
    /// waits for the first; cancelling does not cut it short.
    ///
    /// - Parameter grace: how long calls under way may take. With a database, what is cut off then is found out by the next
    ///   Easel or gateway on it; with a ledger in memory nobody will.
    public func shutdown(grace: Duration = .seconds(60)) async {
        let task = closing.withLock { closing in
            if let closing { return closing }
            // Neither on the caller's actor, which would be held up, nor cancelled with it.
            let task = Task.detached { [parts, beside] in
                parts.beginClosing()
                parts.engine.close()
                await parts.engine.waitUntilIdle(atMost: grace)
                beside.cancel()
                await beside.value
                await parts.close()
            }
            closing = task
            return task
        }
        await task.value
    }
}

extension CallEngine {
    /// One call from its draft to its end, under the configuration of now.
    fileprivate func ending(
        of draft: RemixDraft,
        for account: Account,
        began: SteadyInstant,
        on loop: EventLoop
    ) async throws(CallFailure) -> CallEnding {
        let generation = generation
        let weight = try held.share(draft.weight, team: account.teamID)
        let (request, policy) = try await generation.completion.complete(draft, account: account, weight: weight)
        if Task.isCancelled { throw CallFailure(.unavailable, "The task was cancelled; nothing was spent.") }
        let order = CallOrder(request: request, policy: policy, account: account, began: began, weight: weight)
        switch try await generation.service.submit(order, on: loop) {
        case .ended(let ending): return ending
        case .accepted, .repeated:
            // Neither is asked for by an order like this one.
            throw CallFailure(.unavailable, "The call has no end to show.")
        }
    }
}
