import EaselBase
package import EaselCore
import EaselTracing
package import EaselTransport
package import Foundation

/// The path of a call: plan and admission, attempts, outcome, settlement. A door passes in a checked request and gets
/// the call's end; how it looks outside is up to the door.
package final class CallService: Sendable {
    /// Writes the answer as the caller gets it, to be kept with the settlement; nil if there is none.
    package typealias Transcript = @Sendable (CallEnding) async -> String?

    package enum Answer: Sendable {
        case ended(CallEnding)
        /// The call continues; the caller asks for it later.
        case accepted(UUID)
        /// The idempotency key already belongs to this call: its answer is given again.
        case repeated(IdempotentCall)
    }

    let admission: CallAdmission
    private let tools: CallTools
    /// Nil: no call is shadowed.
    private let shadows: ShadowDesk?

    init(admission: CallAdmission, tools: CallTools, shadows: ShadowDesk?) {
        self.admission = admission
        self.tools = tools
        self.shadows = shadows
    }

    package var planner: CallPlanner { admission.planner }

    /// Takes a call from its request to its end. If cancelled, it still returns normally: requests already sent are
    /// paid for, so they are finished and settled, and nothing new is sent.
    ///
    /// `transcript`: for a caller who may ask for the same answer again when images are not kept. `loop`: where the
    /// call's work runs.
    ///
    /// - Throws: why the call was not started; nothing was spent. A call that was started and failed returns normally,
    ///   with a `CallEnding.failure`.
    package func submit(
        _ order: CallOrder,
        transcript: Transcript? = nil,
        on loop: EventLoop
    ) async throws(CallFailure) -> Answer {
        let first: FirstRound
        switch try await admission.admit(order) {
        case .admitted(let round): first = round
        case .repeated(let call): return .repeated(call)
        }
        let run = CallRun(context: first.context, tools: tools)
        let task = launch(run, first, transcript, on: loop)
        if order.respondAsync { return .accepted(first.context.callID) }
        let ending = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            run.clientLeft()
        }
        return .ended(ending)
    }

    /// Not a child of the caller's task: a client that leaves must not cut a paid request off (M4).
    private func launch(
        _ run: CallRun,
        _ first: FirstRound,
        _ transcript: Transcript?,
        on loop: EventLoop
    ) -> Task<CallEnding, Never> {
        if first.context.plan.hedge != nil { tools.hedges.note(first.context.plan.policy) }
        defer { shadows?.consider(first.context) }
        return Task(executorPreference: loop) { [tools, registry = admission.registry] in
            let ending = await run.run(first)
            var settlement = ending.settlement
            if let transcript, let answer = await transcript(ending) { settlement = settlement.with(answer: answer) }
            await Self.settle(settlement, first.context, tools)
            if !ending.late.isEmpty {
                registry.goOn()
                Task(executorPreference: loop) {
                    await run.finish(ending.late, of: ending.settlement)
                    registry.end()
                }
            }
            registry.end()
            return ending
        }
    }

    /// A settlement that the ledger does not accept now is journalled below the protocol; a failure even there is an
    /// error that people must see.
    private static func settle(_ settlement: Settlement, _ context: CallContext, _ tools: CallTools) async {
        let began = SteadyInstant.now
        do throws(LedgerError) {
            try await tools.ledger.settle(settlement)
            context.trace?.add("settlement", from: began)
        } catch {
            context.trace?.add("settlement", from: began, error: "ledger_unavailable")
            context.log(tools.log).error(
                "settlement failed",
                ["call_id": settlement.callID.text, "error": sentence(for: error)]
            )
        }
    }
}
