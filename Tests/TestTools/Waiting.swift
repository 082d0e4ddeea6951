import EaselBase
import Foundation

/// Waits until something holds; false when it does not within a minute. The machine may be busy: a test that fails after
/// this long fails for another reason.
package func eventually(
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = SteadyInstant.now + limit
    while SteadyInstant.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try await condition()
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
