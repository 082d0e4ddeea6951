/// Slots at one provider account, and the requests waiting for them: start-time fair queueing between teams, as a pure
/// value.
///
/// A request's start tag is the greater of virtual time less a credit, and its team's finish tag; the team's finish tag
/// is the start tag of its last request served plus one. The smallest start tag is served first, the earlier arrival if
/// tags are equal; virtual time is the greatest start tag served, including requests that found a free slot. So a
/// team's requests stay in order, teams that always wait take turns, and the credit lets a burst from a team that asked
/// for little go ahead of another team's flood. Tags do not move while others use up their credit, so no team starves.
///
/// The tag of a request is fixed when it becomes its team's first in the queue: the same as at its arrival, except for
/// requests of the team that have left since, which then cost the team nothing.
package struct FairQueue<Element> {
    /// What happened to a new request.
    package enum Arrival {
        /// A slot was free and is taken; call `leave` at the end.
        case granted
        /// It waits under this number.
        case waiting(UInt64)
        /// It waits under this number, in the place of another one that had to leave.
        case waitingInstead(UInt64, of: Element)
        /// There is no room.
        case turnedAway
    }

    private struct Waiter {
        let ticket: UInt64
        /// Virtual time less the credit when it came.
        let floor: Int64
        let element: Element
    }

    private struct Team {
        var finish: Int64
        var waiting: [Waiter] = []
        /// Served ones at the beginning of `waiting`, removed now and then.
        var gone = 0

        var count: Int { waiting.count - gone }
        var head: Waiter? { gone < waiting.count ? waiting[gone] : nil }
        /// The start tag of the first one.
        var tag: Int64? { head.map { max($0.floor, finish) } }

        mutating func removeFirst() {
            gone += 1
            if gone > 32, gone * 2 > waiting.count {
                waiting.removeFirst(gone)
                gone = 0
            }
        }

        /// Takes one out by its ticket; tickets go up.
        mutating func remove(_ ticket: UInt64) -> Element? {
            var low = gone
            var high = waiting.count
            while low < high {
                let middle = (low + high) / 2
                if waiting[middle].ticket < ticket { low = middle + 1 } else { high = middle }
            }
            guard low < waiting.count, waiting[low].ticket == ticket else { return nil }
            return waiting.remove(at: low).element
        }
    }

    /// How many may run at once.
    package private(set) var limit: Int
    /// How many may wait.
    package let capacity: Int
    /// How far a team may be ahead of those that wait (in requests).
    package let credit: Int64
    package private(set) var running = 0
    package private(set) var waiting = 0
    private var teams: [Int64: Team] = [:]
    private var heads = HeadHeap()
    private var teamOf: [UInt64: Int64] = [:]
    private var nextTicket: UInt64 = 0
    private var virtualTime: Int64 = 0
    private var forgetAt = 64

    /// `credit` is by default 16 or four times the limit, whichever is more.
    package init(limit: Int, capacity: Int, credit: Int64? = nil) {
        precondition(limit > 0 && capacity >= 0, "a provider takes at least one request")
        self.limit = limit
        self.capacity = capacity
        self.credit = credit ?? Int64(max(16, 4 * limit))
    }

    private var floor: Int64 { virtualTime - credit }

    /// How many teams are remembered.
    package var teamCount: Int { teams.count }

    // MARK: - Coming and going

    /// A request of `team` wants a slot.
    package mutating func arrive(_ element: Element, team id: Int64) -> Arrival {
        forgetIdleTeams()
        if running < limit {
            running += 1
            let tag = max(floor, teams[id]?.finish ?? floor)
            teams[id, default: Team(finish: tag)].finish = tag + 1
            virtualTime = max(virtualTime, tag)
            return .granted
        }
        guard waiting >= capacity else { return .waiting(add(element, id)) }
        guard let longest = longest(besides: id) else { return .turnedAway }
        let displaced = removeLast(of: longest)
        return .waitingInstead(add(element, id), of: displaced)
    }

    /// Whether a new request of `team` would be turned away.
    package func isFull(for id: Int64) -> Bool {
        running >= limit && waiting >= capacity && longest(besides: id) == nil
    }

    /// Takes a free slot if no request is waiting, without counting it for a team; call `leave` at the end.
    package mutating func takeFree() -> Bool {
        guard running < limit, waiting == 0 else { return false }
        running += 1
        return true
    }

    /// Changes the number of slots; returns the requests that get one now. With fewer slots no request is sent away,
    /// but slots that are given up are not filled again.
    package mutating func setLimit(_ limit: Int) -> [Element] {
        precondition(limit > 0, "a provider takes at least one request")
        self.limit = limit
        var granted: [Element] = []
        while running < limit, let next = takeNext() {
            running += 1
            granted.append(next)
        }
        return granted
    }

    /// A slot is given up. The next request gets it without the slot becoming free in between; nil if none is waiting.
    package mutating func leave() -> Element? {
        precondition(running > 0, "a place is left that nobody has")
        if running <= limit, let next = takeNext() { return next }
        running -= 1
        return nil
    }

    private mutating func takeNext() -> Element? {
        while let head = heads.popFirst() {
            guard let waiter = teams[head.team]?.head, waiter.ticket == head.ticket else { continue }
            teams[head.team]?.removeFirst()
            teams[head.team]?.finish = head.tag + 1
            virtualTime = max(virtualTime, head.tag)
            teamOf[waiter.ticket] = nil
            waiting -= 1
            pushHead(of: head.team)
            return waiter.element
        }
        return nil
    }

    /// A waiting request leaves; nil if it is no longer there.
    package mutating func withdraw(_ ticket: UInt64) -> Element? {
        guard let id = teamOf.removeValue(forKey: ticket) else { return nil }
        let wasHead = teams[id]?.head?.ticket == ticket
        guard let element = teams[id]?.remove(ticket) else { return nil }
        waiting -= 1
        if wasHead { pushHead(of: id) }
        return element
    }

    private mutating func add(_ element: Element, _ id: Int64) -> UInt64 {
        nextTicket += 1
        let floor = floor
        teams[id, default: Team(finish: floor)].waiting.append(
            Waiter(ticket: nextTicket, floor: floor, element: element)
        )
        teamOf[nextTicket] = id
        waiting += 1
        if teams[id]?.count == 1 { pushHead(of: id) }
        return nextTicket
    }

    private mutating func removeLast(of id: Int64) -> Element {
        guard let last = teams[id]?.waiting.popLast() else {
            preconditionFailure("the longest queue has somebody in it")
        }
        teamOf[last.ticket] = nil
        waiting -= 1
        return last.element
    }

    private mutating func pushHead(of id: Int64) {
        guard let team = teams[id], let head = team.head, let tag = team.tag else { return }
        heads.push(Head(tag: tag, ticket: head.ticket, team: id))
        // Heads of requests that left stay until their turn would come; not too many of them.
        guard heads.count > 2 * teams.count + 64 else { return }
        heads = HeadHeap()
        for (id, team) in teams {
            if let head = team.head, let tag = team.tag { heads.push(Head(tag: tag, ticket: head.ticket, team: id)) }
        }
    }

    /// The team with the most waiting, where that is more than `id` has; of several the one whose newest came last.
    private func longest(besides id: Int64) -> Int64? {
        var found: (id: Int64, count: Int, newest: UInt64)?
        let own = teams[id]?.count ?? 0
        for (other, team) in teams where other != id && team.count > own {
            let newest = team.waiting.last?.ticket ?? 0
            if let found, (found.count, found.newest) > (team.count, newest) { continue }
            found = (other, team.count, newest)
        }
        return found?.id
    }

    /// Teams whose tag lies behind the credit are as new ones. Beyond a bound the others that wait for nothing go too:
    /// they lose no more than what they used of their credit.
    private mutating func forgetIdleTeams() {
        guard teams.count >= forgetAt else { return }
        teams = teams.filter { $0.value.count > 0 || $0.value.finish > floor }
        if teams.count > 4096 + waiting { teams = teams.filter { $0.value.count > 0 } }
        forgetAt = max(64, teams.count * 2)
    }

    // MARK: - Looking ahead

    /// How many waiting requests would be served before a new one of `team`, by what is known now.
    package func ahead(of id: Int64) -> Int {
        guard waiting > 0 else { return 0 }
        let own = teams[id]
        let ownCount = own?.count ?? 0
        let ownFinish = own.map { ($0.tag ?? $0.finish) + Int64(ownCount) } ?? floor
        let tag = max(floor, ownFinish)
        var before = 0
        var seen = 0
        var looked = 0
        for (other, team) in teams where other != id {
            guard let head = team.tag else { continue }
            // Its tags go up by one from its head's; equal ones came before.
            if head <= tag { before += min(team.count, Int(clamping: tag - head) + 1) }
            seen += team.count
            looked += 1
            // Planning is cheap: with very many teams a sample has to suffice.
            if looked == Self.mostLookedAt { break }
        }
        guard seen > 0 else { return ownCount }
        return ownCount + before * (waiting - ownCount) / seen
    }

    private static var mostLookedAt: Int { 256 }
}

private struct Head {
    let tag: Int64
    let ticket: UInt64
    let team: Int64

    static func < (left: Head, right: Head) -> Bool { (left.tag, left.ticket) < (right.tag, right.ticket) }
}

/// A binary heap of the teams' first waiters, the smallest tag at the root.
private struct HeadHeap {
    private var items: [Head] = []

    var count: Int { items.count }

    mutating func push(_ item: Head) {
        items.append(item)
        var index = items.count - 1
        while index > 0, items[index] < items[(index - 1) / 2] {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func popFirst() -> Head? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return first }
        items[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count && items[child] < items[least] {
                least = child
            }
            if least == index { return first }
            items.swapAt(index, least)
            index = least
        }
    }
}
