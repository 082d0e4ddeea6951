import EaselCore

/// What a start has opened so far: closed again, the last first, where the start does not come to its end.
struct Opened {
    private var closers: [() async -> Void] = []

    mutating func add(_ close: @escaping () async -> Void) { closers.append(close) }

    /// Runs a start, and leaves nothing open where it fails.
    /// - Throws: what the start threw; an error of the database with a sentence about it.
    static func during<Started>(_ start: (inout Opened) async throws -> Started) async throws -> Started {
        var opened = Opened()
        do {
            return try await start(&opened)
        } catch {
            while let close = opened.closers.popLast() { await close() }
            guard let failure = error as? LedgerError else { throw error }
            throw CommandFailure("the database cannot be used: \(failure.sentence)")
        }
    }
}
