package import TestTools
package import EaselBase
package import EaselCore
import Foundation

/// A provider that answers from a list and remembers what it was asked.
///
/// The last answer of the list is given again and again. With a ledger it also checks that whatever it is sent is on
/// record (M4).
package final class ScriptedProvider: Provider {
    /// What it does when it is sent a task.
    package enum Answer: Sendable {
        /// So many images, or as many as were asked for, with the provider's own figure for all of them.
        case images(Int? = nil, cost: Money? = nil)
        case result(ProviderResult)
        case failure(ProviderFailure)
        /// Nothing until the time is up.
        case hang
        /// Takes the task on; the list says what polls are told, the last again and again.
        case accept(id: String?, polls: [Recovery])
        /// Answers once the latch is open.
        indirect case held(Latch, Answer)
        /// Answers after a while, or after the time that is left.
        indirect case after(Duration, Answer)
    }

    private struct State {
        var answers: [Answer]
        var recoveries: [Recovery]
        var polls: [UUID: [Recovery]] = [:]
        var tasks: [ProviderTask] = []
        var polled: [RecoverableTask] = []
        var recovered: [RecoverableTask] = []
        var running = 0
        var mostRunning = 0
    }

    package let name: String
    package let kind: ProviderKind
    package let maxInFlight: Int
    package let timeout: Duration
    private let imagesPerRequest: Int
    private let entries: [TranslationEntry]
    private let ledger: MemoryLedger?
    private let state: Locked<State>

    /// A provider named after its kind unless told otherwise.
    package init(
        _ kind: ProviderKind = .runware,
        name: String? = nil,
        answers: [Answer] = [.images()],
        recoveries: [Recovery] = [.untraceable],
        imagesPerRequest: Int = 20,
        maxInFlight: Int = 8,
        timeout: Duration = .seconds(20),
        entries: [TranslationEntry] = [],
        ledger: MemoryLedger? = nil
    ) {
        self.kind = kind
        self.name = name ?? kind.rawValue
        self.maxInFlight = maxInFlight
        self.timeout = timeout
        self.imagesPerRequest = imagesPerRequest
        self.entries = entries
        self.ledger = ledger
        state = Locked(State(answers: answers, recoveries: recoveries))
    }

    // MARK: What it was asked

    /// The tasks it was sent, in order.
    package var tasks: [ProviderTask] { state.withLock(\.tasks) }
    /// The polls of accepted tasks.
    package var polled: [RecoverableTask] { state.withLock(\.polled) }
    /// The questions about tasks whose answer was missing.
    package var recovered: [RecoverableTask] { state.withLock(\.recovered) }
    /// The most exchanges that were under way at one time.
    package var mostRunning: Int { state.withLock(\.mostRunning) }

    /// What it tells from now on of tasks whose answer is missing.
    package func tell(_ recoveries: Recovery...) {
        state.withLock { $0.recoveries = recoveries }
    }

    // MARK: Provider

    package func translate(_ request: RemixRequest) -> ProviderTranslation {
        ProviderTranslation(providerModel: "\(name)-model", entries: entries, imagesPerRequest: imagesPerRequest)
    }

    package func perform(_ task: ProviderTask) async -> Exchange {
        ledger?.witnessSending(task.attemptID)
        let answer = state.withLock { state in
            state.tasks.append(task)
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first
        }
        defer { state.withLock { $0.running -= 1 } }
        return await act(answer ?? .images(), task)
    }

    private func act(_ answer: Answer, _ task: ProviderTask) async -> Exchange {
        switch answer {
        case .images(let count, let cost):
            // A breath, so that exchanges that may overlap do.
            try? await Task.sleep(for: .milliseconds(2))
            return .ended(Self.delivered(count ?? task.count, cost: cost))
        case .result(let result): return .ended(result)
        case .failure(let failure): return .ended(ProviderResult(failure: failure))
        case .hang:
            try? await Task.sleep(for: task.timeout)
            return .ended(ProviderResult(failure: Self.timeout))
        case .accept(let id, let polls):
            state.withLock { $0.polls[task.taskID] = polls }
            return .accepted(ProviderResult(httpStatus: 200, providerTaskID: id))
        case .held(let latch, let then):
            await latch.wait()
            return await act(then, task)
        case .after(let pause, let then):
            try? await Task.sleep(for: min(pause, task.timeout))
            return pause < task.timeout ? await act(then, task) : .ended(ProviderResult(failure: Self.timeout))
        }
    }

    package func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        state.withLock { state in
            state.polled.append(task)
            guard let left = state.polls[task.taskID], let next = left.first else { return .unknown() }
            if left.count > 1 { state.polls[task.taskID]?.removeFirst() }
            return next
        }
    }

    package func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        state.withLock { state in
            state.recovered.append(task)
            return state.recoveries.count > 1 ? state.recoveries.removeFirst() : state.recoveries.first ?? .untraceable
        }
    }

    // MARK: Parts of answers

    /// An answer with so many images.
    package static func delivered(_ count: Int, cost: Money? = nil) -> ProviderResult {
        ProviderResult(images: (0..<count).map(image), cost: cost, httpStatus: 200)
    }

    /// An image of its own look for each number.
    package static func image(_ number: Int) -> ProviderImage {
        ProviderImage(
            content: .bytes(SampleImage.bytes(.jpg, width: 16, height: 16, tint: UInt8(truncatingIfNeeded: number))),
            seed: number,
            providerImageID: "image-\(number)"
        )
    }

    /// Sent, and no answer in time.
    package static let timeout = ProviderFailure(.timeout, code: "timeout", message: "No answer in time.")
}
