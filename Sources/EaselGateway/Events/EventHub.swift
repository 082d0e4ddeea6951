import EaselBase

/// Whom an event is for.
enum EventAudience: Sendable, Hashable {
    case everyone
    /// Those who see that team's things.
    case team(Int64)
    case admins
}

/// What a listener may hear.
struct EventScope: Sendable, Hashable {
    /// Only this team's things; nil: every team's, which is for admins.
    let teamID: Int64?
    let isAdmin: Bool

    func hears(_ audience: EventAudience) -> Bool {
        switch audience {
        case .everyone: true
        case .team(let id): teamID.map { $0 == id } ?? isAdmin
        case .admins: isAdmin
        }
    }
}

/// Who hears what of a gateway's events: the last of them, and those who listen. A value; `EventBroadcast` carries out what it
/// says.
///
/// It sleeps while nobody has listened for some time, for then nobody follows the log either; who comes then begins a new epoch.
struct EventHub<Content: Sendable> {
    struct Limits: Sendable, Hashable {
        /// Events that are kept for those who come again.
        var kept = 4096
        var listeners = 10_000
        /// Clocks of gateways differ, and what ended is written down a little later: by so much times are not believed.
        var slack = Duration.seconds(5)
        /// So far back a new epoch begins, so that a listener of another gateway can go on here.
        var lead = Duration.seconds(60)
        /// So long after the last listener it sleeps.
        var patience = Duration.seconds(60)
    }

    struct Event: Sendable {
        let id: EventID
        let audience: EventAudience
        let content: Content
    }

    /// What somebody who comes gets first.
    enum Welcome: Sendable {
        /// There are too many listeners.
        case full
        /// Goes on behind the id that was given, or from now: the events that were missed.
        case goesOn([Event])
        /// What was missed is not known any more.
        case begins
    }

    private struct Listener {
        let scope: EventScope
        /// What happened before is of no interest: it was told elsewhere, or it came before the listener.
        let since: Timestamp?
    }

    let limits: Limits
    private(set) var isAwake = false
    private(set) var epoch: UInt32 = 0
    private var number: UInt64 = 0
    /// The last events, the oldest first, but for the first `dropped` of the list.
    private var ring: [Event] = []
    private var dropped = 0
    /// Everything that ended since then has been told since the epoch began, or will be, and is in the ring.
    private(set) var floor = Timestamp(microseconds: 0)
    private var now = Timestamp(microseconds: 0)
    private var listeners: [UInt64: Listener] = [:]
    /// Those who hear every team, and the others by team.
    private var everywhere: Set<UInt64> = []
    private var ofTeam: [Int64: Set<UInt64>] = [:]
    private var admins: Set<UInt64> = []
    private var lonelySince: Timestamp?

    init(limits: Limits = Limits()) { self.limits = limits }

    var count: Int { listeners.count }
    var isFull: Bool { listeners.count >= limits.listeners }
    private var kept: ArraySlice<Event> { ring[dropped...] }

    /// What a listener's next request names when nothing more has come until then.
    var position: EventID { EventID(epoch: epoch, number: number, at: now) }

    // MARK: - Listeners

    /// `last`: where the listener was; `isResumed`: whether it was somewhere, though that cannot be read. `epoch`: taken when a
    /// new one begins, which has to be another one each time.
    mutating func join(
        _ listener: UInt64,
        _ scope: EventScope,
        after last: EventID?,
        isResumed: Bool,
        epoch: UInt32,
        at moment: Timestamp
    ) -> Welcome {
        guard !isFull, listeners[listener] == nil else { return .full }
        if !isAwake { wake(epoch, at: moment) }
        now = max(now, moment)
        lonelySince = nil
        let (welcome, since) = place(last, isResumed: isResumed, scope, at: moment)
        listeners[listener] = Listener(scope: scope, since: since)
        if let team = scope.teamID { ofTeam[team, default: []].insert(listener) } else { everywhere.insert(listener) }
        if scope.isAdmin { admins.insert(listener) }
        return welcome
    }

    private func place(
        _ last: EventID?,
        isResumed: Bool,
        _ scope: EventScope,
        at moment: Timestamp
    ) -> (Welcome, since: Timestamp?) {
        guard let last else { return (isResumed ? .begins : .goesOn([]), moment - limits.slack) }
        let heard = kept.filter { scope.hears($0.audience) }
        if last.epoch == epoch {
            let oldest = kept.first?.id.number ?? number + 1
            guard last.number <= number, last.number + 1 >= oldest else { return (.begins, moment - limits.slack) }
            return (.goesOn(heard.filter { $0.id.number > last.number }), nil)
        }
        let since = min(last.at, moment) - limits.slack
        guard since >= floor else { return (.begins, moment - limits.slack) }
        return (.goesOn(heard.filter { $0.id.at >= since }), since)
    }

    mutating func leave(_ listener: UInt64, at moment: Timestamp) {
        guard let gone = listeners.removeValue(forKey: listener) else { return }
        if let team = gone.scope.teamID {
            ofTeam[team]?.remove(listener)
            if ofTeam[team]?.isEmpty == true { ofTeam[team] = nil }
        }
        everywhere.remove(listener)
        admins.remove(listener)
        if listeners.isEmpty { lonelySince = moment }
    }

    // MARK: - Events

    /// A new event, and who hears it. `at`: when it happened, by whoever wrote it down. `content` makes its text from its id.
    mutating func publish(
        _ audience: EventAudience,
        at moment: Timestamp,
        _ content: (EventID) -> Content
    ) -> (event: Event, listeners: [UInt64]) {
        number += 1
        let id = EventID(epoch: epoch, number: number, at: moment)
        let event = Event(id: id, audience: audience, content: content(id))
        ring.append(event)
        if ring.count - dropped > limits.kept {
            // What is not kept any more cannot be told to those who come from elsewhere.
            floor = max(floor, ring[dropped].id.at + .microseconds(1))
            dropped += 1
            if dropped >= limits.kept {
                ring.removeFirst(dropped)
                dropped = 0
            }
        }
        let heard =
            switch audience {
            case .everyone: Array(listeners.keys)
            case .team(let id): Array(everywhere.filter { admins.contains($0) }) + Array(ofTeam[id] ?? [])
            case .admins: Array(admins)
            }
        return (event, heard.filter { listeners[$0]?.since.map { moment >= $0 } ?? true })
    }

    /// The log was read up to that moment.
    mutating func passed(_ moment: Timestamp) { now = max(now, moment) }

    // MARK: - Sleep

    private mutating func wake(_ epoch: UInt32, at moment: Timestamp) {
        isAwake = true
        self.epoch = epoch
        number = 0
        ring = []
        dropped = 0
        now = moment
        floor = moment - limits.lead
        // Nobody has listened yet: whoever wakes it joins now.
        lonelySince = moment
    }

    /// Whether nobody has listened for so long that nobody need follow the log; then it sleeps.
    mutating func rests(at moment: Timestamp) -> Bool {
        guard isAwake else { return true }
        guard listeners.isEmpty, let lonelySince, moment >= lonelySince + limits.patience else { return false }
        isAwake = false
        ring = []
        dropped = 0
        return true
    }
}
