import EaselBase
import EaselCore
import EaselImaging
import EaselProviders
import EaselSandbox
import EaselTransport
import Foundation
import Testing

/// What every provider makes of each way to fail.
struct FailureConformanceTests {
    /// A fault before anything was executed, and the class that it must have.
    struct Row: Sendable, CustomTestStringConvertible {
        let fault: FaultKind
        /// Where errors have codes, and where they do not.
        let coded: ProviderFailure.Kind
        let plain: ProviderFailure.Kind
        var testDescription: String { "\(fault)" }

        init(_ fault: FaultKind, _ coded: ProviderFailure.Kind, _ plain: ProviderFailure.Kind? = nil) {
            self.fault = fault
            self.coded = coded
            self.plain = plain ?? coded
        }
    }

    static let refused = [
        Row(.status(400), .invalidRequest), Row(.status(401), .unauthorized), Row(.status(402), .creditExhausted),
        Row(.status(403), .unauthorized), Row(.status(404), .failed, .modelUnavailable),
        Row(.status(422), .invalidRequest, .refused), Row(.status(429, retryAfter: 7), .rateLimited),
        Row(.status(500), .unavailable), Row(.status(502), .foreign),
        Row(.status(503, retryAfter: 7), .unavailable), Row(.status(504), .timeout, .foreign),
        Row(.page(401), .foreign), Row(.page(403), .foreign), Row(.page(429, retryAfter: 7), .foreign),
        Row(.page(500), .foreign), Row(.page(503, retryAfter: 7), .foreign), Row(.page(520), .foreign),
        Row(.page(524), .foreign), Row(.page(530), .foreign), Row(.page(200), .garbled),
        Row(.refuseContent, .refused), Row(.code("providerRateLimitExceeded"), .rateLimited, .unavailable),
        Row(.code("inferenceError"), .failed, .unavailable),
        Row(.code("thirdPartyInsufficientCredits"), .creditExhausted, .unavailable),
        Row(.code("modelDisabled"), .modelUnavailable, .unavailable),
    ]

    @Test(arguments: Subject.all, refused)
    func `an answered failure has its class, and costs nothing where the provider says so`(subject: Subject, row: Row)
        async throws
    {
        try await withBench(subject) { bench in
            try await bench.fail(row.fault)
            let request = try Samples.request(.ideogram4)
            let result = try await bench.run(bench.task(request))
            let failure = try #require(result.failure)
            #expect(failure.kind == (subject.hasErrorCodes ? row.coded : row.plain))
            // A time limit is silence, and a page not the provider's word: nobody can say what became of the task.
            let isSilence = [.timeout, .foreign, .garbled].contains(failure.kind)
            #expect(failure.billing == (isSilence ? .unknown : .notCharged) && failure.wantsRecovery == isSilence)
            #expect(result.images.isEmpty && result.cost == nil)
            if case .status(let status, let pause) = row.fault {
                #expect(failure.httpStatus == status && failure.retryAfter == pause.map { .seconds($0) })
            }
            bench.expectSafe(failure)
            bench.expectNothingCharged()
            #expect(bench.submissions.count == 1)
        }
    }

    /// A provider that waited in vain for its own provider: in the answer of a task that is over, its end; with the status of
    /// a time limit, the end of the request only.
    @Test(arguments: Subject.all.filter { $0.kind == .runware })
    func `time that ran out at the provider's provider`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.code("timeoutProvider"))
            let failure = try #require(try await bench.run(bench.task(try Samples.request(.ideogram4))).failure)
            #expect(failure.kind == (subject.delivery == .async ? .unavailable : .timeout))
            #expect(failure.billing == (subject.delivery == .async ? .notCharged : .unknown))
        }
    }

    /// Faults of the connection: whether the work was done is for the provider's books to say.
    static let broken: [(fault: FaultKind, kind: ProviderFailure.Kind, isExecuted: Bool)] = [
        (.resetBeforeExecuting, .connectionLost, false), (.resetAfterExecuting, .connectionLost, true),
        (.cutOff, .connectionLost, true), (.truncatedJSON, .garbled, true), (.garbage, .garbled, true),
        (.hang(afterExecuting: false), .timeout, false), (.hang(afterExecuting: true), .timeout, true),
    ]

    @Test(arguments: Subject.all, 0..<broken.count)
    func `a broken exchange is sent once and of unknown cost`(subject: Subject, index: Int) async throws {
        let row = Self.broken[index]
        try await withBench(subject) { bench in
            try await bench.fail(row.fault)
            let request = try Samples.request(.ideogram4)
            let timeout = row.kind == .timeout ? Bench.patience : .seconds(60)
            let exchange = await bench.provider.perform(bench.task(request, timeout: timeout))
            guard case .ended(let result) = exchange else {
                Issue.record("a broken answer was taken for an acknowledgement")
                return
            }
            let failure = try #require(result.failure)
            #expect(failure.kind == row.kind && failure.billing == .unknown && failure.wantsRecovery)
            #expect(result.images.isEmpty && result.cost == nil && result.timings.total != nil)
            bench.expectSafe(failure)
            if row.isExecuted {
                try await bench.waitForBilling()
                #expect(bench.sandbox.billing.total == subject.price)
            } else {
                bench.expectNothingCharged()
            }
            try await bench.expectSubmissions(1)
            #expect(bench.sandbox.journal.total == 1)
        }
    }

    @Test(arguments: Subject.all)
    func `a reset on a connection that was used before is no reason to send twice`(subject: Subject) async throws {
        for fault in [FaultKind.resetBeforeExecuting, .resetAfterExecuting] {
            try await withBench(subject) { bench in
                let request = try Samples.request(.ideogram3)
                #expect(try await bench.run(bench.task(request)).failure == nil)
                try await bench.fail(fault)
                let before = bench.submissions.count
                let exchange = await bench.provider.perform(bench.task(request))
                guard case .ended(let result) = exchange else {
                    Issue.record("a reset was taken for an acknowledgement")
                    return
                }
                #expect(result.failure?.kind == .connectionLost)
                #expect(before == 1)
                try await bench.expectSubmissions(2)
            }
        }
    }

    @Test(arguments: Subject.all)
    func `a closed port means that nothing was sent (R3)`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.connectRefused)
            let result = try await bench.run(bench.task(try Samples.request(.ideogram3)))
            let failure = try #require(result.failure)
            #expect(failure.kind == .notSent && failure.billing == .notCharged && !failure.wantsRecovery)
            #expect(failure.httpStatus == nil && result.images.isEmpty)
            bench.expectSafe(failure)
            bench.expectNothingCharged()
            #expect(bench.sandbox.journal.total == 0)
        }
    }

    @Test(arguments: Subject.all)
    func `a wrong key is unauthorized and is not repeated`(subject: Subject) async throws {
        try await withBench(subject, key: Bench.wrongKey) { bench in
            for model in RemixModel.allCases {
                let result = try await bench.run(bench.task(try Samples.request(model)))
                let failure = try #require(result.failure)
                #expect(failure.kind == .unauthorized && failure.billing == .notCharged && failure.httpStatus == 401)
                bench.expectSafe(failure)
            }
            bench.expectNothingCharged()
            #expect(bench.sandbox.journal.total == 3)
        }
    }

    @Test(arguments: Subject.all)
    func `an image that is none is an invalid request, whoever notices`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            for (strength, size) in [(0.5, PixelSize(width: 2880, height: 1440)), (nil, nil)] {
                let request = try Samples.request(.ideogram4) {
                    let bytes = Array("no image at all".utf8)
                    $0.image = SourceImage(bytes: bytes, format: .png, size: PixelSize(width: 96, height: 96))
                    $0.strength = strength
                    $0.size = size
                }
                let failure = try #require(try await bench.run(bench.task(request)).failure)
                #expect(failure.kind == .invalidRequest && failure.billing == .notCharged)
                bench.expectSafe(failure)
            }
            bench.expectNothingCharged()
        }
    }

    @Test(arguments: Subject.all)
    func `unsafe images are marked or withheld, never clean`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.unsafe)
            let request = try Samples.request(.ideogram4) { $0.safetyCheck = true }
            let result = try await bench.run(bench.task(request))
            let image = try #require(result.images.first)
            #expect(image.nsfw == true && image.isWithheld == subject.withholdsUnsafe && result.failure == nil)
            #expect(bench.sandbox.billing.entries.isEmpty == subject.withholdsUnsafe)
        }
    }

    @Test(arguments: Subject.checking)
    func `a copyright hit is flagged or undetermined, never clear`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.copyrightFlagged)
            let request = try Samples.request(.ideogram4) { $0.copyrightDetection = true }
            let image = try #require(try await bench.run(bench.task(request)).images.first)
            #expect(image.copyright == (subject.withholdsUnsafe ? .undetermined : .flagged))
            #expect(image.isWithheld == subject.withholdsUnsafe)
        }
    }

    @Test(arguments: Subject.all)
    func `a missing cost is unknown, not nothing (M1)`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.missingCost)
            let outcome = try await bench.run(try Samples.request(.ideogram3) { $0.count = 2 })
            #expect(outcome.images.count == 2 && outcome.cost == nil && outcome.failures.isEmpty)
            #expect(bench.sandbox.billing.total == subject.price * 2)
        }
    }

    @Test(arguments: Subject.all)
    func `fewer images than asked are kept (R7)`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.fewerImages(1))
            let result = try await bench.run(bench.task(try Samples.request(.ideogram3) { $0.count = 4 }))
            #expect(result.images.count == 3 && result.failure == nil)
            #expect(bench.sandbox.billing.total == subject.price * 3)
            if subject.tellsCost { #expect(result.cost == subject.price * 3) }
        }
    }

    @Test(arguments: Subject.all)
    func `slow answers are answers`(subject: Subject) async throws {
        for fault in [FaultKind.slowDrip(.zero), .latency(.milliseconds(200))] {
            try await withBench(subject) { bench in
                try await bench.fail(fault)
                let result = try await bench.run(bench.task(try Samples.request(.ideogram4)))
                #expect(result.failure == nil && result.images.count == 1)
            }
        }
    }

    @Test(arguments: Subject.all)
    func `a cancelled exchange ends at once, as one of unknown cost`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            try await bench.fail(.hang(afterExecuting: false))
            let task = bench.task(try Samples.request(.ideogram3), timeout: .seconds(600))
            let running = Task { await bench.provider.perform(task) }
            for _ in 0..<6000 where bench.sandbox.journal.total == 0 { try await Task.sleep(for: .milliseconds(10)) }
            running.cancel()
            guard case .ended(let result) = await running.value else {
                Issue.record("a cancelled exchange was taken for an acknowledgement")
                return
            }
            #expect(result.failure?.kind == .connectionLost && result.failure?.billing == .unknown)
        }
    }

    @Test(arguments: Subject.all.filter { $0.kind == .ideogram })
    func `a full house is a limit of rate`(subject: Subject) async throws {
        try await withBench(subject, { $0.ideogramMaxInFlight = 0 }) { bench in
            let failure = try #require(try await bench.run(bench.task(try Samples.request(.ideogram4))).failure)
            #expect(failure.kind == .rateLimited && failure.code == "inflight_limit" && failure.billing == .notCharged)
            bench.expectNothingCharged()
        }
    }
}
