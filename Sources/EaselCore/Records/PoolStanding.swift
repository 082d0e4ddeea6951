/// How the connections of one kind to the database stand.
package struct PoolStanding: Sendable, Hashable {
    /// `writers`, `readers`, ...
    package let name: String
    /// Connections, open or not.
    package let size: Int
    /// Those that work on something.
    package let busy: Int
    /// Those that are open and do nothing.
    package let idle: Int
    /// What waits for one.
    package let waiting: Int

    package init(name: String, size: Int, busy: Int, idle: Int, waiting: Int) {
        self.name = name
        self.size = size
        self.busy = busy
        self.idle = idle
        self.waiting = waiting
    }

    /// Those that are not open.
    package var closed: Int { max(0, size - busy - idle) }
}
