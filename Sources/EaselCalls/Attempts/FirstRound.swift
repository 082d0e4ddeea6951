import EaselBase
import EaselCore
import Foundation

/// A call whose machine has started: the rows of its first round are made, but nothing has been sent.
final class FirstRound: Sendable {
    let context: CallContext
    let machine: AttemptMachine
    let action: AttemptMachine.Action
    /// To be written with the call, before anything is sent (M4).
    let starts: [AttemptStart]
    /// Permission to send the round; to be returned if nothing is sent.
    let permit: ProviderHealth.Permit

    /// `permit` is for the plan's first candidate.
    init(_ context: CallContext, _ permit: ProviderHealth.Permit) {
        var machine = AttemptMachine(plan: context.plan)
        let action = machine.start()
        guard case .send(let index, let counts, let risk) = action else {
            preconditionFailure("the machine starts by sending")
        }
        self.context = context
        self.machine = machine
        self.action = action
        self.permit = permit
        starts = context.starts(
            candidate: context.plan.candidates[index],
            counts: counts,
            firstOrdinal: 1,
            duplicateRisk: risk,
            now: context.receivedAt
        )
    }
}

extension CallContext {
    /// The rows of one round, to be written before anything is sent (M4). Ids are ours and contain the time (L1).
    func starts(
        candidate: Plan.Candidate,
        counts: [Int],
        firstOrdinal: Int,
        duplicateRisk: Bool,
        now: Timestamp
    ) -> [AttemptStart] {
        let startedAt = Timestamp(microseconds: now.millisecondsSince1970 * 1000)
        return counts.enumerated().map { index, count in
            let taskID = UUID()
            return AttemptStart(
                attemptID: UUIDv7.mint(at: startedAt),
                callID: callID,
                teamID: account.teamID,
                ordinal: firstOrdinal + index,
                provider: candidate.provider,
                providerModel: candidate.translation.providerModel,
                taskID: taskID,
                providerTaskID: candidate.translation.takesTaskID ? taskID.text : nil,
                startedAt: startedAt,
                imagesAsked: count,
                bound: candidate.pricePerImage.map { $0 * count },
                pricePerImage: candidate.pricePerImage,
                duplicateRisk: duplicateRisk
            )
        }
    }
}
