import EaselBase
import Foundation

/// Waits until something holds; false when it does not within a long while.
package func eventually(within limit: Duration = .seconds(60), _ condition: () async -> Bool) async -> Bool {
    let end = SteadyInstant.now + limit
    while SteadyInstant.now < end {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}

/// A directory that goes with the test.
package struct TemporaryDirectory: ~Copyable {
    package let path = FileManager.default.temporaryDirectory.path + "/easel-test-" + UUID().text

    package init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
