import EaselBase

/// Values by key up to a number of bytes in all; the oldest go first.
final class ByteBoundedStore<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var values: [Key: (value: Value, bytes: Int)] = [:]
        var order: [Key] = []
        var head = 0
        var bytes = 0
    }

    private let state = Locked(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func value(for key: Key) -> Value? { state.withLock { $0.values[key]?.value } }

    /// Keeps a value; a key that is there already is left as it is.
    func insert(_ value: Value, bytes: Int, for key: Key) {
        state.withLock { state in
            guard state.values[key] == nil else { return }
            state.values[key] = (value, bytes)
            state.order.append(key)
            state.bytes += bytes
            while state.bytes > limit, state.head < state.order.count - 1 {
                let oldest = state.order[state.head]
                state.head += 1
                if let gone = state.values.removeValue(forKey: oldest) { state.bytes -= gone.bytes }
            }
            if state.head > 1024, state.head * 2 > state.order.count {
                state.order.removeFirst(state.head)
                state.head = 0
            }
        }
    }

    func removeAll() { state.withLock { $0 = State() } }
}
