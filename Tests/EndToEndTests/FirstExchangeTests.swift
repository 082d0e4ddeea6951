import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestTools

/// Exchanges with a host that none was finished with yet.
struct FirstExchangeTests {
    @Test(.timeLimit(.minutes(1)))
    func `a first exchange that takes long does not hold up those behind it`() async throws {
        let latch = Latch()
        let arrived = Locked(0)
        let group = EventLoopGroup(name: "first-exchange", count: 1)
        let server = HTTPServer(group: House.group, configuration: HTTPServerConfiguration(), log: .silent) { _ in
            arrived.withLock { $0 += 1 }
            await latch.wait()
            return .text("ok")
        }
        let url = "http://127.0.0.1:\(try server.start())/"
        let client = HTTPClient(group: group)
        let exchanges = (0..<3).map { _ in
            Task { try await client.execute(HTTPRequest(url: url, timeouts: HTTPTimeouts(total: .seconds(30)))) }
        }
        let haveArrived = await eventually(within: .seconds(5)) { arrived.withLock { $0 } == 3 }
        latch.open()
        for exchange in exchanges { #expect(try await exchange.value.status == 200) }
        await server.drain(grace: .zero)
        await ThreadPoolExecutor.shared.run { group.shutdown() }
        #expect(haveArrived)
    }
}
