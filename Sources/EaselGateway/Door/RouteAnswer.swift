import EaselBase

/// One way in which a route answers when nothing is wrong.
struct RouteAnswer: Sendable {
    let status: Int
    let note: String
    /// Nil for an answer without a body.
    let type: String?
    let schema: Schema
    let headers: [HeaderRule]

    static func json(
        _ schema: Schema,
        _ note: String,
        status: Int = 200,
        headers: [HeaderRule] = []
    ) -> RouteAnswer {
        RouteAnswer(status: status, note: note, type: "application/json", schema: schema, headers: headers)
    }

    /// `type`: a media type, or a range of them such as `image/*`.
    static func bytes(_ type: String, _ note: String, headers: [HeaderRule] = []) -> RouteAnswer {
        let schema = type.hasPrefix("text/") ? Schema.text : Schema.any
        return RouteAnswer(status: 200, note: note, type: type, schema: schema, headers: headers)
    }

    /// The client has it already.
    static let unchanged = RouteAnswer(
        status: 304,
        note: "It is what `If-None-Match` names.",
        type: nil,
        schema: .any,
        headers: []
    )

    static func nothing(_ note: String, headers: [HeaderRule] = []) -> RouteAnswer {
        RouteAnswer(status: 204, note: note, type: nil, schema: .any, headers: headers)
    }
}

/// A field of a request's or an answer's head.
struct HeaderRule: Sendable {
    let name: String
    let schema: Schema
    let isAlways: Bool
    let note: String

    static func always(_ name: String, _ schema: Schema, _ note: String) -> HeaderRule {
        HeaderRule(name: name, schema: schema, isAlways: true, note: note)
    }

    static func sometimes(_ name: String, _ schema: Schema, _ note: String) -> HeaderRule {
        HeaderRule(name: name, schema: schema, isAlways: false, note: note)
    }
}
