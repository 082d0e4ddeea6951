/// Growing pauses between tries to connect: 20 ms, doubled up to a second, each shortened at random by up to a half so
/// that many gateways do not knock together.
struct Backoff {
    private var milliseconds = 20.0

    mutating func next() -> Duration {
        defer { milliseconds = min(milliseconds * 2, 1000) }
        return .milliseconds(Int64(milliseconds * Double.random(in: 0.5...1)))
    }

    mutating func reset() { milliseconds = 20 }
}
