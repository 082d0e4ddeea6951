package import EaselBase

/// Where ended spans go. Never waits.
package protocol SpanSink: Sendable {
    func add(_ span: Span)
}

/// The trace of one call: its place among the caller's spans, and where its own go.
///
/// Made for every call that is in some trace, also where nobody keeps it: the ids still stand in the log and go on to
/// whoever is to know them.
package final class CallTrace: Sendable {
    /// Our own span of the call, which everything else is a part of.
    package let context: TraceContext
    /// Nil: nothing is kept.
    private let sink: (any SpanSink)?
    private let parent: SpanID?
    /// Whether providers are told of the trace.
    private let isPassedOn: Bool
    private let notes = Locked<[Span.Attribute]>([])
    /// The wall clock is read once: spans of one call agree, whatever becomes of the clock.
    private let anchor: (wall: Timestamp, steady: SteadyInstant)

    /// `parent`: what the request brought. `context`: this call within it.
    package init(
        _ context: TraceContext,
        parent: SpanID?,
        sink: (any SpanSink)?,
        isPassedOn: Bool = false,
        wall: Timestamp,
        steady: SteadyInstant
    ) {
        self.context = context
        self.parent = parent
        self.sink = context.isSampled ? sink : nil
        self.isPassedOn = isPassedOn
        anchor = (wall, steady)
    }

    /// Whether spans are kept: what only serves them need not be worked out otherwise.
    package var isKept: Bool { sink != nil }

    /// The trace's id where somebody can look at it.
    package var keptID: TraceID? { sink == nil ? nil : context.traceID }

    package func wall(_ instant: SteadyInstant) -> Timestamp { anchor.wall + instant.since(anchor.steady) }

    /// Something to say of the whole call; it stands in the call's own span.
    package func note(_ attributes: Span.Attribute...) {
        guard isKept else { return }
        notes.withLock { notes in
            guard notes.count < Span.mostAttributes else { return }
            notes += attributes
        }
    }

    /// A part of the call that has ended.
    package func add(
        _ name: String,
        _ kind: Span.Kind = .internal,
        id: SpanID? = nil,
        from start: SteadyInstant,
        to end: SteadyInstant = .now,
        _ attributes: [Span.Attribute] = [],
        events: [Span.Event] = [],
        error: String? = nil
    ) {
        guard let sink else { return }
        sink.add(
            Span(
                name,
                kind,
                traceID: context.traceID,
                spanID: id ?? .mint(),
                parent: context.spanID,
                state: context.state,
                start: wall(start),
                end: wall(end),
                attributes: attributes,
                events: events,
                error: error
            )
        )
    }

    /// The call itself, as its caller saw it: what was noted stands in it.
    package func end(
        _ name: String,
        from start: SteadyInstant,
        to end: SteadyInstant = .now,
        _ attributes: [Span.Attribute] = [],
        error: String? = nil
    ) {
        guard let sink else { return }
        sink.add(
            Span(
                name,
                .server,
                traceID: context.traceID,
                spanID: context.spanID,
                parent: parent,
                hasRemoteParent: parent != nil,
                state: context.state,
                start: wall(start),
                end: wall(end),
                attributes: attributes + notes.withLock(\.self),
                error: error
            )
        )
    }

    /// What a provider is told where it is to know: the attempt's span as the parent of its own.
    package func outgoing(_ span: SpanID) -> TraceContext? {
        isPassedOn ? context.within(span, isSampled: context.isSampled) : nil
    }

    /// The log with the trace's id on each line.
    package func log(_ log: Log) -> Log { log.with("trace_id", context.traceID.text) }
}
