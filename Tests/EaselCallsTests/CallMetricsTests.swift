import EaselBase
import EaselCore
import EaselTracing
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// What calls tell metrics and traces: the same as the log has.
struct CallMetricsTests {
    private static let broken = ScriptedProvider.Answer.failure(
        ProviderFailure(.unavailable, code: "503", message: "no", httpStatus: 503)
    )

    @Test func `a call that fails over counts once, its attempts each, and its cost for its team`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.broken], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents)], ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        let reply = try await bench.remix().get()
        let counts = bench.tools.metrics.counts
        let key = CallMetrics.CallKey(status: .succeeded, model: .ideogram4, provider: "ideogram")
        #expect(counts.calls == [key: 1])
        #expect(counts.failovers == [CallMetrics.FailoverKey(from: "runware", to: "ideogram"): 1])
        #expect(counts.attempts.values.reduce(0, +) == reply.attempts.count)
        #expect(counts.teams[1] == CallMetrics.TeamSums(name: "design", cost: sixCents, images: 1))
        let duration = try #require(counts.durations[.succeeded])
        #expect(duration.count == 1)
        #expect(duration.exemplars.compactMap(\.self).map(\.callID) == [reply.id])
        for provider in ["runware", "ideogram"] {
            let total = counts.phases[CallMetrics.PhaseKey(provider: provider, phase: .total)]
            #expect(total?.count == reply.attempts.count { $0.start.provider == provider }, "\(provider)")
            #expect(counts.phases[CallMetrics.PhaseKey(provider: provider, phase: .polling)] == nil)
        }
    }

    @Test func `an accepted task has a time of polling, and a known connection none of connecting`() async throws {
        let ledger = MemoryLedger()
        let ended = Recovery.ended(ScriptedProvider.delivered(1, cost: sixCents))
        let provider = ScriptedProvider(.ideogram, answers: [.accept(id: "g-1", polls: [ended])], ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        _ = try await bench.remix().get()
        let phases = bench.tools.metrics.counts.phases
        func count(_ phase: CallMetrics.Phase) -> Int? {
            phases[CallMetrics.PhaseKey(provider: "ideogram", phase: phase)]?.count
        }
        #expect(count(.polling) == 1 && count(.total) == 1 && count(.queue) == 1)
        #expect(count(.connect) == nil)
    }

    @Test func `a hedge that lost is paid for later, and counted then`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(.runware, answers: [.held(latch, .images(cost: sixCents))], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents)], ledger: ledger)
        let bench = try await Bench(ledger, [first, second]) { policy in
            policy.hedge = Policy.Hedge(after: .duration(.milliseconds(30)), budget: .all)
        }
        let reply = try await bench.remix().get()
        #expect(bench.tools.metrics.counts.teams[1]?.nanodollars == sixCents.nanodollars)
        latch.open()
        #expect(await eventually { bench.registry.running == 0 })
        let call = try #require(try await ledger.call(reply.id, teamID: nil))
        let sums = try #require(bench.tools.metrics.counts.teams[1])
        #expect(sums.nanodollars == call.cost?.nanodollars && sums.images == 1)
        // It was only late: no failover.
        #expect(bench.tools.metrics.counts.failovers.isEmpty)
    }

    @Test func `what becomes known of an unknown attempt is counted once`() async throws {
        let ledger = MemoryLedger()
        let silent = ProviderFailure(.timeout, code: "timeout", message: "no answer")
        let provider = ScriptedProvider(.runware, answers: [.failure(silent)], ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        let failure = await bench.remix().failure
        let id = try #require(failure?.callID)
        #expect(bench.tools.metrics.counts.teams[1]?.nanodollars == 0)
        provider.tell(.ended(ScriptedProvider.delivered(1, cost: sixCents)))
        let resolver = bench.resolver()
        for _ in 0..<2 { try await resolver.sweepUnknown() }
        let call = try #require(try await ledger.call(id, teamID: nil))
        #expect(call.cost == sixCents)
        let sums = try #require(bench.tools.metrics.counts.teams[1])
        #expect(sums.nanodollars == sixCents.nanodollars)
        #expect(sums.images == Int64(call.imagesDelivered))
    }

    /// Keeps what it gets.
    private final class Sink: SpanSink {
        let spans = Locked<[Span]>([])
        func add(_ span: Span) { spans.withLock { $0.append(span) } }
    }

    @Test func `spans of a call tell its phases, and its provider only what it may know`() async throws {
        for tells in [false, true] {
            let ledger = MemoryLedger()
            let first = ScriptedProvider(.runware, answers: [Self.broken], ledger: ledger)
            let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents)], ledger: ledger)
            let bench = try await Bench(ledger, [first, second])
            let sink = Sink()
            let context = TraceContext(traceID: .mint(), spanID: .mint(), isSampled: true)
            let trace = CallTrace(
                context,
                parent: nil,
                sink: sink,
                isPassedOn: tells,
                wall: TimeSource.system.now,
                steady: .now
            )
            let answer = try await bench.service.submit(
                CallOrder(
                    request: SampleTrade.request(),
                    policy: .plain(bench.policy),
                    account: SampleTrade.account(),
                    began: .now,
                    trace: trace
                ),
                on: Bench.group.next()
            )
            guard case .ended(let ending) = answer else {
                Issue.record("not ended")
                return
            }
            trace.end("call", from: .now)
            let spans = sink.spans.withLock(\.self)
            let attempts = spans.filter { $0.kind == .client }
            #expect(attempts.count == ending.ends.count)
            #expect(Set(spans.map(\.name)).isSuperset(of: ["planning", "admission", "delivery", "settlement", "call"]))
            #expect(spans.allSatisfy { $0.traceID == context.traceID })
            let whole = try #require(spans.first { $0.kind == .server })
            #expect(whole.attributes.contains(Span.Attribute("easel.call.id", ending.context.callID.text)))
            #expect(whole.attributes.contains(Span.Attribute("easel.failover", true)))
            let told = (first.tasks + second.tasks).map(\.trace)
            if tells {
                #expect(Set(told.compactMap { $0?.spanID }) == Set(attempts.map(\.spanID)))
            } else {
                #expect(told.allSatisfy { $0 == nil })
            }
            let exemplar = bench.tools.metrics.counts.durations[.succeeded]?.exemplars.compactMap(\.self).first
            #expect(exemplar?.traceID == context.traceID)
        }
    }

    @Test(arguments: [
        ("https://api.example.com:443", "api.example.com", 443), ("http://[::1]:8080", "[::1]", 8080),
    ])
    func `an origin is host and port`(_ origin: String, _ host: String, _ port: Int) throws {
        let place = try #require(AttemptWatch.place(origin))
        #expect(place.host == host && place.port == port)
        #expect(AttemptWatch.place("") == nil && AttemptWatch.place(nil) == nil && AttemptWatch.place("x:1") == nil)
    }
}
