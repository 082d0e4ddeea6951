import Foundation

/// The version of this program.
enum Version {
    static let text = "0.1.0"

    /// The commit that it was built from, as whoever starts it says: `make run` and images know it, the compiler does not.
    static var commit: String {
        ProcessInfo.processInfo.environment["EASEL_COMMIT"].flatMap { $0.isEmpty ? nil : $0 } ?? "unknown"
    }
}
