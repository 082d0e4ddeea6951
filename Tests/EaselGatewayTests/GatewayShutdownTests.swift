import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselGateway

/// The whole gateway on a ledger in memory: how it stops.
struct GatewayShutdownTests {
    private struct House {
        let gateway: Gateway
        let url: String
        let ledger: MemoryLedger
    }

    private func house(
        _ ledger: MemoryLedger,
        _ providers: [ScriptedProvider],
        grace: Duration,
        directory: String
    ) async throws -> House {
        var settings = GatewaySettings(
            adminKey: "esl_admin-key-of-this-test",
            server: HTTPServerConfiguration(),
            version: "test"
        )
        settings.shutdownGrace = grace
        let terms = TermsShelf()
        try await terms.refresh(from: ledger)
        let configuration = GatewayConfiguration(
            settings: settings,
            calls: CallConfiguration(
                settings: CallSettings(gatewayID: UUIDv7.mint(at: TimeSource.system.now), dataDirectory: directory),
                providers: providers,
                origins: [:],
                policies: PolicyBook(
                    policies: ["p": Policy(name: "p", ordering: .order(providers.map(\.name)))],
                    defaultName: "p"
                ),
                policyReading: NoPolicies(),
                kinds: [.runware, .ideogram]
            )
        )
        let calls = try CallEngine(
            configuration.calls,
            books: CallBooks(ledger),
            terms: terms,
            client: TestLoops.client,
            log: .silent
        )
        let gateway = Gateway(
            configuration,
            calls: calls,
            books: DoorBooks(ledger),
            adminTeam: TeamRecord(id: 1, name: "design", createdAt: SampleTrade.moment),
            group: TestLoops.group,
            log: .silent
        )
        return House(gateway: gateway, url: "http://127.0.0.1:\(try gateway.start())", ledger: ledger)
    }

    private func post(_ url: String, respondAsync: Bool = false) async -> Result<HTTPResponse, TransportError> {
        var form = FormBody()
        form.add("model", "ideogram-4.0")
        form.add("prompt", "a quiet harbour")
        form.addFile("image", SampleImage.bytes())
        var fields: HTTPFields = [
            "Authorization": "Bearer esl_admin-key-of-this-test", "Content-Type": form.contentType,
        ]
        if respondAsync { fields.add("Prefer", "respond-async") }
        let request = HTTPRequest(method: "POST", url: url + "/v1/remix", fields: fields, body: form.body)
        do throws(TransportError) {
            return .success(try await TestLoops.client.execute(request))
        } catch {
            return .failure(error)
        }
    }

    @Test func `what is in flight is answered and settled, then nobody is let in`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(
            answers: [.after(.milliseconds(400), .images(cost: sixCents))],
            ledger: ledger
        )
        let house = try await house(ledger, [provider], grace: .seconds(20), directory: directory.path)
        async let answer = post(house.url)
        #expect(await eventually { provider.tasks.count == 1 })
        await house.gateway.shutDown()
        #expect(try await answer.get().status == 200)
        #expect(ledger.settlements.map(\.status) == [.succeeded])
        guard case .failure = await post(house.url) else {
            Issue.record("a stopped gateway answered")
            return
        }
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a call that nobody waits for is waited for at the end`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(
            answers: [.after(.milliseconds(400), .images(cost: sixCents))],
            ledger: ledger
        )
        let house = try await house(ledger, [provider], grace: .seconds(20), directory: directory.path)
        let accepted = try await post(house.url, respondAsync: true).get()
        #expect(accepted.status == 202)
        #expect(accepted.fields["Location"]?.hasPrefix("/v1/calls/") == true)
        await house.gateway.shutDown()
        #expect(ledger.settlements.map(\.status) == [.succeeded])
    }

    @Test(.timeLimit(.minutes(1)))
    func `the grace is the end of waiting`() async throws {
        let directory = try TemporaryDirectory()
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(answers: [.hang], timeout: .seconds(6), ledger: ledger)
        let house = try await house(ledger, [provider], grace: .milliseconds(300), directory: directory.path)
        _ = await post(house.url, respondAsync: true)
        #expect(await eventually { provider.tasks.count == 1 })
        await house.gateway.shutDown()
        #expect(ledger.settlements.isEmpty, "the shutdown waited for a call that outlasts its grace")
    }
}
