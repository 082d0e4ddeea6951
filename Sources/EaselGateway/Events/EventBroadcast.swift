import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// The listeners of a gateway with their connections. What each hears is the hub's decision; here it is written.
///
/// An event is one text for all, and one errand for each loop, however many listen.
final class EventBroadcast: Sendable {
    /// An event before it has an id.
    struct News: Sendable {
        let kind: EventText.Kind
        let audience: EventAudience
        let at: Timestamp
        let json: [UInt8]
    }

    /// What a listener asks for.
    struct Wish: Sendable {
        let scope: EventScope
        /// Where it was, as it says; nil for one that comes for the first time.
        let last: String?
        let credential: Authenticator.Credential
        /// How long it listens; nil: as long as it likes.
        let length: Duration?
    }

    private struct Guest {
        let writer: StreamWriter
        let credential: Authenticator.Credential
        /// Ends it after the time that it asked for.
        var timer: Task<Void, Never>?
    }

    private struct State {
        var hub: EventHub<StreamPiece>
        var guests: [UInt64: Guest] = [:]
        var numbers: [ObjectIdentifier: UInt64] = [:]
        var next: UInt64 = 0
    }

    private let state: Locked<State>
    private let time: TimeSource

    init(limits: EventHub<StreamPiece>.Limits = .init(), time: TimeSource) {
        state = Locked(State(hub: EventHub(limits: limits)))
        self.time = time
    }

    var count: Int { state.withLock(\.hub.count) }
    var isFull: Bool { state.withLock(\.hub.isFull) }

    /// A long answer for one who listens.
    func answer(_ wish: Wish) -> StreamedAnswer {
        StreamedAnswer(
            begun: { [self] writer in join(writer, wish) },
            ended: { [self] writer in leave(writer) }
        )
    }

    private func join(_ writer: StreamWriter, _ wish: Wish) {
        let moment = time.now
        let pieces: [StreamPiece]? = state.withLock { state in
            state.next += 1
            let number = state.next
            let welcome = state.hub.join(
                number,
                wish.scope,
                after: wish.last.flatMap { EventID($0) },
                isResumed: wish.last != nil,
                epoch: .random(in: 1...UInt32.max),
                at: moment
            )
            let first: [StreamPiece]
            switch welcome {
            case .full: return nil
            case .begins: first = [EventText.reset(state.hub.position)]
            // An id without an event tells one who missed nothing where it stands.
            case .goesOn(let missed):
                first = missed.isEmpty ? [EventText.beat(state.hub.position)] : missed.map(\.content)
            }
            state.guests[number] = Guest(writer: writer, credential: wish.credential)
            state.numbers[ObjectIdentifier(writer)] = number
            return [EventText.greeting] + first
        }
        guard let pieces else { return writer.end() }
        // Whatever is published from now on comes to this loop behind us.
        for piece in pieces { writer.write(piece) }
        if let length = wish.length {
            let timer = Task(executorPreference: writer.loop) {
                try? await writer.loop.sleep(for: length)
                writer.end()
            }
            state.withLock { state in
                guard let number = state.numbers[ObjectIdentifier(writer)] else { return timer.cancel() }
                state.guests[number]?.timer = timer
            }
        }
    }

    private func leave(_ writer: StreamWriter) {
        let moment = time.now
        state.withLock { state in
            guard let number = state.numbers.removeValue(forKey: ObjectIdentifier(writer)) else { return }
            state.guests.removeValue(forKey: number)?.timer?.cancel()
            state.hub.leave(number, at: moment)
        }
    }

    // MARK: - Events

    /// Tells news to those whom they are for, in this order. Nothing happens while nobody follows the log.
    func publish(_ news: [News]) {
        guard !news.isEmpty else { return }
        state.withLock { state in
            guard state.hub.isAwake else { return }
            var errands: [ObjectIdentifier: Errands] = [:]
            for one in news {
                let (event, listeners) = state.hub.publish(one.audience, at: one.at) { id in
                    EventText.piece(one.kind, id, one.json)
                }
                let writers = listeners.compactMap { state.guests[$0]?.writer }
                for (loop, writers) in Dictionary(grouping: writers, by: { ObjectIdentifier($0.loop) }) {
                    guard let first = writers.first else { continue }
                    errands[loop, default: Errands(loop: first.loop)].items.append((event.content, writers))
                }
            }
            // Handed over under the lock, so that each loop gets what it has to write in the order of the ids.
            for errand in errands.values { errand.run() }
        }
    }

    /// Says to all that we are there.
    func beat() {
        state.withLock { state in
            let piece = EventText.beat(state.hub.position)
            let byLoop = Dictionary(grouping: state.guests.values.map(\.writer), by: { ObjectIdentifier($0.loop) })
            for writers in byLoop.values {
                if let first = writers.first { Errands(loop: first.loop, items: [(piece, writers)]).run() }
            }
        }
    }

    /// What is written on one loop.
    private struct Errands: Sendable {
        let loop: EventLoop
        var items: [(StreamPiece, [StreamWriter])] = []

        func run() {
            let items = items
            loop.submit { for (piece, writers) in items { for writer in writers { writer.write(piece) } } }
        }
    }

    // MARK: - Those who may not listen any more

    /// What the listeners have shown, each once.
    var credentials: Set<Authenticator.Credential> { state.withLock { Set($0.guests.values.map(\.credential)) } }

    /// Ends the answers of those who came with one of these.
    func end(_ gone: Set<Authenticator.Credential>) {
        guard !gone.isEmpty else { return }
        let writers = state.withLock { state in
            state.guests.values.filter { gone.contains($0.credential) }.map(\.writer)
        }
        for writer in writers { writer.loop.submit { writer.end() } }
    }

    // MARK: - For whoever follows the log

    /// Where to begin: nil while nobody listens, and for the epoch that is followed already.
    func epoch() -> (number: UInt32, floor: Timestamp)? {
        let moment = time.now
        return state.withLock { state in
            state.hub.rests(at: moment) ? nil : (state.hub.epoch, state.hub.floor)
        }
    }

    /// The log was read up to that moment.
    func passed(_ moment: Timestamp) { state.withLock { $0.hub.passed(moment) } }
}
