import EaselBase
import EaselTransport
import Synchronization

/// What the loops of a server count together.
final class ServerCounters: Sendable {
    let openConnections = Atomic<Int>(0)
    let requestsInFlight = Atomic<Int>(0)
    let shedConnections = Atomic<Int>(0)
    let refusedConnections = Atomic<Int>(0)
    let keyless = AddressCounts()
}

/// A client's address without its port, and what counts as one client by it.
struct PeerAddress: Sendable {
    /// A version 4 address, or the /64 of a version 6 address: whoever has one has them all.
    struct Group: Hashable, Sendable {
        let bytes: [UInt8]
    }

    let text: String
    let group: Group

    init(_ text: String) {
        self.text = text
        let address = IPAddress(text)
        let bytes = (address?.mappedV4 ?? address)?.bytes ?? Array(text.utf8)
        group = Group(bytes: bytes.count == 16 ? Array(bytes[..<8]) : bytes)
    }
}

/// Connections without a key, by address, for all loops of a server.
final class AddressCounts: Sendable {
    private let counts = Locked<[PeerAddress.Group: Int]>([:])

    /// How many there are with this one.
    func enter(_ group: PeerAddress.Group) -> Int {
        counts.withLock { counts in
            counts[group, default: 0] += 1
            return counts[group] ?? 1
        }
    }

    func leave(_ group: PeerAddress.Group) {
        counts.withLock { counts in
            guard let count = counts[group] else { return }
            counts[group] = count > 1 ? count - 1 : nil
        }
    }
}

/// Whether a new connection is taken, and whether an idle one without a key goes for it.
struct ConnectionLimits: Equatable {
    let total: Int
    let perAddress: Int

    struct Verdict: Equatable {
        /// An idle connection without a key should go. Where one goes there is room again.
        var sheds: Bool
        var isOverTotal: Bool
        var isOverAddress: Bool

        var takes: Bool { !isOverTotal && !isOverAddress }
    }

    /// Both counts with the new one.
    func verdict(open: Int, ofAddress: Int) -> Verdict {
        let isOverTotal = open > total
        let isOverAddress = ofAddress > perAddress
        return Verdict(
            // From nine tenths on: when the last place is taken it is too late for those in between.
            sheds: isOverTotal || isOverAddress || open > total - total / 10,
            isOverTotal: isOverTotal,
            isOverAddress: isOverAddress
        )
    }

}

/// Values in the order in which they came, from which the first that fits is found and each can be taken out. A bounded
/// number is looked at each time, so that a list full of what must stay costs nothing.
struct SheddingList<Element> {
    /// An element's place in the list.
    final class Node {
        let element: Element
        fileprivate weak var previous: Node?
        fileprivate var next: Node?
        fileprivate var isListed = true

        fileprivate init(_ element: Element) {
            self.element = element
        }
    }

    static var mostLooks: Int { 64 }

    private var first: Node?
    private var last: Node?
    private(set) var count = 0

    mutating func append(_ element: Element) -> Node {
        let node = Node(element)
        link(node)
        return node
    }

    /// Takes it out; nothing happens when it is out already.
    mutating func remove(_ node: Node) {
        guard node.isListed else { return }
        unlink(node)
        node.isListed = false
    }

    /// The first that fits, which stays in the list. What was looked at in vain goes behind all others.
    mutating func find(_ fits: (Element) -> Bool) -> Element? {
        for _ in 0..<Swift.min(Self.mostLooks, count) {
            guard let node = first else { return nil }
            if fits(node.element) { return node.element }
            unlink(node)
            link(node)
        }
        return nil
    }

    private mutating func link(_ node: Node) {
        node.previous = last
        node.next = nil
        if let last { last.next = node } else { first = node }
        last = node
        count += 1
    }

    private mutating func unlink(_ node: Node) {
        if let previous = node.previous { previous.next = node.next } else { first = node.next }
        if let next = node.next { next.previous = node.previous } else { last = node.previous }
        node.previous = nil
        node.next = nil
        count -= 1
    }
}
