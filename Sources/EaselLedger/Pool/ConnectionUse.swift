import EaselCore

/// What one connection of a pool is doing.
enum ConnectionUse: Sendable {
    case closed, idle, busy
}

extension PoolStanding {
    init(name: String, _ uses: [ConnectionUse], waiting: Int) {
        self.init(
            name: name,
            size: uses.count,
            busy: uses.count { $0 == .busy },
            idle: uses.count { $0 == .idle },
            waiting: waiting
        )
    }
}
