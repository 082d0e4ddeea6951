package import EaselBase

/// One stretch of work in a trace, as it is told to a collector.
package struct Span: Sendable, Equatable {
    package enum Kind: UInt64, Sendable {
        // The numbers of OTLP's `SpanKind`.
        case `internal` = 1
        case server = 2
        case client = 3
    }

    /// A value of an attribute.
    package enum Value: Sendable, Equatable {
        case text(String)
        case whole(Int64)
        case real(Double)
        case flag(Bool)
    }

    package struct Attribute: Sendable, Equatable {
        package let key: String
        package let value: Value

        /// A text is cut at `longest` characters (S6).
        package init(_ key: String, _ value: Value) {
            self.key = key
            if case .text(let text) = value, text.count > Self.longest {
                self.value = .text(String(text.prefix(Self.longest)))
            } else {
                self.value = value
            }
        }

        package init(_ key: String, _ value: String) { self.init(key, .text(value)) }
        package init(_ key: String, _ value: Int) { self.init(key, .whole(Int64(value))) }
        package init(_ key: String, _ value: Double) { self.init(key, .real(value)) }
        package init(_ key: String, _ value: Bool) { self.init(key, .flag(value)) }

        package static let longest = 256
    }

    /// Something that happened at one moment.
    package struct Event: Sendable, Equatable {
        package let name: String
        package let at: Timestamp
        package let attributes: [Attribute]

        package init(_ name: String, at: Timestamp, _ attributes: [Attribute] = []) {
            self.name = name
            self.at = at
            self.attributes = attributes
        }
    }

    package static let mostAttributes = 64
    package static let mostEvents = 64

    package let name: String
    package let kind: Kind
    package let traceID: TraceID
    package let spanID: SpanID
    package let parent: SpanID?
    /// Whether the parent is in another program.
    package let hasRemoteParent: Bool
    /// `tracestate`.
    package let state: String
    package let start: Timestamp
    package let end: Timestamp
    package let attributes: [Attribute]
    package let events: [Event]
    /// What went wrong, as a code; nil where nothing did.
    package let error: String?

    package init(
        _ name: String,
        _ kind: Kind,
        traceID: TraceID,
        spanID: SpanID,
        parent: SpanID?,
        hasRemoteParent: Bool = false,
        state: String = "",
        start: Timestamp,
        end: Timestamp,
        attributes: [Attribute] = [],
        events: [Event] = [],
        error: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.traceID = traceID
        self.spanID = spanID
        self.parent = parent
        self.hasRemoteParent = hasRemoteParent
        self.state = state
        self.start = start
        self.end = max(start, end)
        self.attributes = Array(attributes.prefix(Self.mostAttributes))
        self.events = Array(events.prefix(Self.mostEvents))
        self.error = error
    }
}
