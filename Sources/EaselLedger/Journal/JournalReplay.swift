/// One round of a replay, as a value: which file is next, which records the database is given at a time, what is put off, set
/// aside, given up until the next round, and done.
///
/// The files go one after the other, then what waits in memory. The teams go beside each other, each team's records in order:
/// where the database is away for one, the later ones of its team wait as well, also those of later files. What cannot be
/// read, or not be set aside, stays for the next round and stops nothing else.
struct JournalReplay: Sendable {
    /// Records that are with the database at a time: enough that group commit has something to group.
    static let atOnce = 32

    enum Source: Hashable, Sendable {
        case file(Int)
        case memory
    }

    /// What became of a record that was given to the database.
    enum Outcome: Hashable, Sendable {
        case committed
        /// The database will never take it; it is set aside.
        case refused(String)
        /// Not now; the later records of its team wait as well.
        case away
    }

    struct Refusal: Hashable, Sendable {
        let index: Int
        let reason: String
    }

    /// What is to be done next.
    enum Step: Hashable, Sendable {
        /// Read the records: `read`, or `notRead`.
        case read(Source)
        /// Give these to the database, each beside the others: `ended` for each.
        case give([Int])
        /// Wait for the end of one of those that were given.
        case wait
        /// Write these where people find them: `wasSetAside`.
        case setAside([Refusal], of: Source)
        /// So many records there were, and these need not wait any more.
        case finish(Source, count: Int, done: Set<Int>)
        case end
    }

    private enum Stage {
        case between, reading, giving, settingAside, finishing
    }

    private var sources: ArraySlice<Source>
    private var stage = Stage.between
    /// Teams that the database was away for in this round.
    private var blocked: Set<Int64> = []

    // Of the source that it is at.
    private var source = Source.memory
    private var count = 0
    private var done: Set<Int> = []
    private var refused: [Refusal] = []
    /// What each team still waits for, the next one last.
    private var lanes: [Int64: [Int]] = [:]
    /// Teams none of whose records is under way and that have more, the next one last.
    private var ready: [Int64] = []
    private var underWay: [Int: Int64] = [:]

    init(files: [Int]) {
        sources = (files.map { .file($0) } + [.memory])[...]
    }

    mutating func next() -> Step {
        switch stage {
        case .between:
            guard let first = sources.popFirst() else { return .end }
            source = first
            stage = .reading
            return .read(source)
        case .reading: return .read(source)
        case .giving:
            let turns = (0..<max(0, Self.atOnce - underWay.count)).compactMap { _ in ready.popLast() }
            let given = turns.compactMap { team in take(of: team) }
            if !given.isEmpty { return .give(given) }
            if !underWay.isEmpty { return .wait }
            stage = refused.isEmpty ? .finishing : .settingAside
            return next()
        case .settingAside: return .setAside(refused.sorted { $0.index < $1.index }, of: source)
        case .finishing:
            stage = .between
            return .finish(source, count: count, done: done)
        }
    }

    /// The teams of the records that were read, in order. `before`: the indexes of those that an earlier round has done.
    mutating func read(teams: [Int64], done before: Set<Int>) {
        guard stage == .reading else { return }
        // There is no file to remove.
        if source == .memory, teams.isEmpty { return stage = .between }
        (count, done, refused) = (teams.count, before, [])
        lanes = [:]
        ready = []
        for (index, team) in teams.enumerated().reversed() where !before.contains(index) && !blocked.contains(team) {
            lanes[team, default: []].append(index)
        }
        var seen: Set<Int64> = []
        ready = teams.filter { lanes[$0] != nil && seen.insert($0).inserted }.reversed()
        stage = .giving
    }

    /// The records cannot be read now.
    mutating func notRead() {
        guard stage == .reading else { return }
        stage = .between
    }

    mutating func ended(_ index: Int, _ outcome: Outcome) {
        guard let team = underWay.removeValue(forKey: index) else { return }
        switch outcome {
        case .committed: done.insert(index)
        case .refused(let reason): refused.append(Refusal(index: index, reason: reason))
        case .away:
            blocked.insert(team)
            lanes[team] = nil
        }
        if lanes[team] != nil { ready.append(team) }
    }

    /// Whether what was refused is where people find it; otherwise it stays where it is.
    mutating func wasSetAside(_ isAside: Bool) {
        guard stage == .settingAside else { return }
        if isAside { done.formUnion(refused.map(\.index)) }
        refused = []
        stage = .finishing
    }

    private mutating func take(of team: Int64) -> Int? {
        guard let index = lanes[team]?.popLast() else { return nil }
        if lanes[team]?.isEmpty == true { lanes[team] = nil }
        underWay[index] = team
        return index
    }
}
