/// What a start has opened so far: closed again, the last first, where the start does not come to its end.
struct Opened {
    private var closers: [() async -> Void] = []

    mutating func add(_ close: @escaping () async -> Void) { closers.append(close) }

    mutating func close() async {
        while let close = closers.popLast() { await close() }
    }
}
