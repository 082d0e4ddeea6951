import EaselBase

/// What the journal's disk did not take, in the order in which it came, for as long as the process lives (L2).
///
/// Records wait here until the disk takes them or the database does. While any are here, later ones come behind them, so
/// that a team's writes keep their order: files, then what is being replayed from memory, then what waits.
struct JournalBacklog: Sendable {
    private(set) var waiting: [JournalRecord] = []
    /// Given to the database at the moment; nobody writes them to the disk meanwhile.
    private(set) var replaying: [JournalRecord] = []
    /// Refused by the database, and still to be written to a file for a person to look at.
    private(set) var asides: [(record: JournalRecord, reason: String)] = []
    /// Why the disk took no writes when it was last tried.
    private(set) var fault: String?
    /// The disk is being tried.
    private var isWriting = false
    /// When it is tried again.
    private var pacing = RetryPacing(first: .milliseconds(250), longest: .seconds(5))

    var count: Int { waiting.count + replaying.count + asides.count }

    /// Whether a record must wait here rather than go to the disk.
    var isInUse: Bool { fault != nil || !waiting.isEmpty || !replaying.isEmpty }

    mutating func keep(_ records: [JournalRecord]) { waiting += records }

    mutating func keepAside(_ refused: [(record: JournalRecord, reason: String)]) { asides += refused }

    // MARK: The disk

    /// The disk took no write. True when it had until then.
    mutating func failed(_ cause: String, at now: SteadyInstant, chance: Double) -> Bool {
        defer { fault = cause }
        isWriting = false
        pacing.failed(at: now, chance: chance)
        return fault == nil
    }

    /// What the disk is to be tried with: records in order, those that were refused, or neither to see whether it takes
    /// anything.
    struct Try {
        var records: [JournalRecord]
        var asides: [(record: JournalRecord, reason: String)]
    }

    enum Turn {
        case now(Try)
        case later(SteadyInstant)
        /// There is nothing to write, and nothing wrong.
        case never
    }

    mutating func turn(at now: SteadyInstant, chance: Double) -> Turn {
        guard fault != nil || !asides.isEmpty || (!waiting.isEmpty && replaying.isEmpty) else { return .never }
        if let later = pacing.turn(at: now, chance: chance) { return .later(later) }
        isWriting = true
        return .now(Try(records: replaying.isEmpty ? waiting : [], asides: asides))
    }

    /// The disk took all of a try. True when it had not before.
    mutating func wrote(_ written: Try) -> Bool {
        defer { fault = nil }
        isWriting = false
        pacing.succeeded()
        waiting.removeFirst(written.records.count)
        asides.removeFirst(written.asides.count)
        return fault != nil
    }

    // MARK: The database

    /// None while the disk is being tried: then they will be in a file.
    mutating func beginReplay() -> [JournalRecord] {
        guard replaying.isEmpty, !isWriting else { return [] }
        swap(&replaying, &waiting)
        return replaying
    }

    /// `done`: the indexes of what need not wait any more.
    mutating func endReplay(done: Set<Int>) {
        waiting = replaying.enumerated().filter { !done.contains($0.offset) }.map(\.element) + waiting
        replaying = []
    }
}
