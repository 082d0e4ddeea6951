import EaselBase
import EaselCore
import EaselProviders
import EaselSandbox
import Foundation
import Testing

/// What every provider can still find out when an answer is missing (R4, M7).
struct RecoveryConformanceTests {
    static let lost: [FaultKind] = [
        .resetAfterExecuting, .cutOff, .truncatedJSON, .garbage, .hang(afterExecuting: true),
    ]

    @Test(arguments: Subject.all, lost)
    func `an executed task is found again, or honestly unknown`(subject: Subject, fault: FaultKind) async throws {
        for model in RemixModel.allCases {
            try await withBench(subject) { bench in
                try await bench.fail(fault)
                let isSilent = fault == .hang(afterExecuting: true)
                let timeout = isSilent ? Bench.patience : .seconds(60)
                let task = bench.task(try Samples.request(model), timeout: timeout)
                guard case .ended(let result) = await bench.provider.perform(task) else {
                    Issue.record("a broken answer was taken for an acknowledgement")
                    return
                }
                #expect(result.failure?.billing == .unknown)
                try await bench.waitForBilling()
                try await bench.sandbox.setFaults([])
                let found = try await bench.recover(task, providerTaskID: result.providerTaskID)
                #expect((found != nil) == subject.findsLostTasks, "\(model)")
                if let found {
                    #expect(found.images.count == 1 && found.failure == nil)
                    #expect(found.cost == bench.sandbox.billing.total)
                    let image = try #require(found.images.first)
                    #expect(try await !bench.bytes(image).isEmpty)
                }
                // Asking is free.
                #expect(bench.sandbox.billing.entries.count == 1)
                try await bench.expectSubmissions(1)
            }
        }
    }

    @Test(arguments: Subject.all)
    func `four lost images are all found, with what they cost together`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.resetAfterExecuting)
            let task = bench.task(try Samples.request(.ideogram3) { $0.count = 4 })
            _ = await bench.provider.perform(task)
            try await bench.waitForBilling()
            let found = try await bench.recover(task)
            #expect(found?.images.count == (subject.findsLostTasks ? 4 : nil))
            #expect(found?.cost?.usd == (subject.findsLostTasks ? "0.24" : nil))
        }
    }

    @Test(arguments: Subject.all)
    func `what was never executed stays unknown`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.resetBeforeExecuting)
            let task = bench.task(try Samples.request(.ideogram4))
            _ = await bench.provider.perform(task)
            try await bench.sandbox.setFaults([])
            #expect(try await bench.recover(task) == nil)
            #expect(try await bench.recover(task, providerTaskID: UUID().text) == nil)
            // An id that is no path of its own leads nowhere.
            #expect(try await bench.recover(task, providerTaskID: "../manage?x=1") == nil)
            bench.expectNothingCharged()
        }
    }

    @Test(arguments: Subject.polled)
    func `an acknowledged task is found by its id after a restart`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            let task = bench.task(try Samples.request(.ideogram4))
            guard case .accepted(let acknowledgement) = await bench.provider.perform(task) else {
                Issue.record("the task was not acknowledged")
                return
            }
            try await bench.waitForBilling()
            let found = try #require(
                try await bench.recover(task, providerTaskID: acknowledgement.providerTaskID)
            )
            #expect(found.images.count == 1 && found.failure == nil && bench.submissions.count == 1)
        }
    }

    @Test(arguments: Subject.polled)
    func `a task that takes its time is worked on, and then done`(subject: Subject) async throws {
        try await withBench(subject, { $0.latency = .milliseconds(600) ... .milliseconds(600) }) { bench in
            let task = bench.task(try Samples.request(.ideogram4))
            guard case .accepted(let acknowledgement) = await bench.provider.perform(task) else {
                Issue.record("the task was not acknowledged")
                return
            }
            let question = bench.recoverable(task, providerTaskID: acknowledgement.providerTaskID)
            guard case .running(let standing, let working) = await bench.provider.poll(question, timeout: .seconds(20))
            else {
                Issue.record("a running task was not reported as running")
                return
            }
            #expect(working && standing.images.isEmpty && standing.failure == nil && standing.cost == nil)
            let result = try await bench.follow(acknowledgement, task)
            #expect(result.images.count == 1 && result.failure == nil)
        }
    }

    static let pollFaults: [FaultKind] = [
        .status(401), .status(429, retryAfter: 1), .status(502), .page(403), .page(503, retryAfter: 1), .garbage,
        .truncatedJSON, .cutOff,
        .resetBeforeExecuting, .hang(afterExecuting: false),
    ]

    @Test(arguments: Subject.polled, pollFaults)
    func `a poll that fails tells nothing, and the next one tells all`(subject: Subject, fault: FaultKind) async throws
    {
        try await withBench(subject) { bench in
            let task = bench.task(try Samples.request(.ideogram4))
            guard case .accepted(let acknowledgement) = await bench.provider.perform(task) else {
                Issue.record("the task was not acknowledged")
                return
            }
            try await bench.waitForBilling()
            try await bench.fail(fault, .poll)
            let question = bench.recoverable(task, providerTaskID: acknowledgement.providerTaskID)
            let isSilent = fault == .hang(afterExecuting: false)
            let answer = await bench.provider.poll(question, timeout: isSilent ? .milliseconds(500) : .seconds(20))
            guard case .unknown(let pause) = answer else {
                Issue.record("\(answer)")
                return
            }
            let asked: AskingPause? =
                switch fault {
                case .status(429, let pause?): AskingPause(.seconds(pause), isOfAccount: true)
                case .page(_, let pause?): AskingPause(.seconds(pause), isOfAccount: false)
                default: nil
                }
            #expect(pause == asked)
            try await bench.sandbox.setFaults([])
            let result = try await bench.follow(acknowledgement, task)
            #expect(result.images.count == 1 && result.failure == nil)
        }
    }

    /// M4: the task is executed and charged; that the poll met a full server must not say otherwise.
    @Test(arguments: Subject.polled, [402, 403, 500, 503, 504])
    func `trouble at a poll does not end a task that was charged`(subject: Subject, status: Int) async throws {
        try await withBench(subject) { bench in
            let task = bench.task(try Samples.request(.ideogram4))
            guard case .accepted(let acknowledgement) = await bench.provider.perform(task) else {
                Issue.record("the task was not acknowledged")
                return
            }
            try await bench.waitForBilling()
            try await bench.fail(.status(status), .poll)
            let question = bench.recoverable(task, providerTaskID: acknowledgement.providerTaskID)
            let answer = await bench.provider.poll(question, timeout: .seconds(20))
            if case .ended(let result) = answer { Issue.record("ended: \(String(describing: result.failure))") }
            // The next question tells all.
            try await bench.sandbox.setFaults([])
            let result = try await bench.follow(acknowledgement, task)
            #expect(result.images.count == 1 && result.failure == nil)
        }
    }

    @Test(arguments: Subject.all)
    func `a task id is used once`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            let task = bench.task(try Samples.request(.ideogram3))
            #expect(try await bench.run(task).failure == nil)
            let again = try await bench.run(task)
            #expect((again.failure?.kind == .conflict) == subject.refusesRepeatedTasks)
            #expect(bench.sandbox.billing.entries.count == (subject.refusesRepeatedTasks ? 1 : 2))
            if subject.refusesRepeatedTasks {
                // The first one was executed: the question finds it.
                #expect(again.failure?.billing == .unknown && again.failure?.wantsRecovery == true)
                #expect(try await bench.recover(task)?.images.count == 1)
            }
        }
    }
}
