import EaselBase
import Testing

@testable import EaselCalls

/// The count of running calls, which a shutdown waits for.
struct CallRegistryTests {
    @Test func `an idle registry is idle at once`() async {
        await CallRegistry().waitUntilIdle(atMost: .seconds(20))
    }

    @Test func `waiting ends with the last call, and nothing begins after closing`() async {
        let registry = CallRegistry()
        #expect(registry.begin())
        #expect(registry.begin())
        registry.close()
        #expect(!registry.begin())
        #expect(registry.isClosed)
        #expect(registry.running == 2)
        let isIdle = Locked(false)
        let waiters = (0..<3).map { _ in
            Task {
                await registry.waitUntilIdle(atMost: .seconds(20))
                #expect(isIdle.withLock { $0 })
            }
        }
        registry.end()
        try? await Task.sleep(for: .milliseconds(30))
        isIdle.withLock { $0 = true }
        registry.end()
        for waiter in waiters { await waiter.value }
        #expect(registry.running == 0)
    }
}
