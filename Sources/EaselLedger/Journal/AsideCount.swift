import EaselBase

/// How many writes a journal has set aside, by kind: looked up every few seconds and remembered, for those who ask often.
package final class AsideCount: Sendable {
    /// How long a count is believed.
    private static let memory = Duration.seconds(5)

    private struct State {
        var counts: [JournalAsides.Kind: Int] = [:]
        var readAt: SteadyInstant?
    }

    private let asides: JournalAsides
    private let state = Locked(State())

    init(directory: String) {
        asides = JournalAsides(directory: directory)
    }

    /// As it was last looked up.
    package var counts: [JournalAsides.Kind: Int] { state.withLock(\.counts) }
    package var total: Int { counts.values.reduce(0, +) }

    /// The count is looked up again with the next `refresh`.
    func forget() { state.withLock { $0.readAt = nil } }

    /// Looks it up when the last time was long ago. The files are read on a thread of their own.
    func refresh() async {
        let now = SteadyInstant.now
        let isDue = state.withLock { state in
            if let readAt = state.readAt, now.since(readAt) < Self.memory { return false }
            state.readAt = now
            return true
        }
        guard isDue else { return }
        let asides = asides
        let files = await ThreadPoolExecutor.shared.run { asides.list() }
        state.withLock { state in
            state.counts = Dictionary(files.map { ($0.kind, $0.count) }, uniquingKeysWith: +)
        }
    }
}
