import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// Reads the members of a JSON object one by one and collects every fault, so that all are named at once.
struct BodyFields {
    private let members: [String: JSONValue]
    /// What faults are named with: `prices[0].` for a member of a list.
    private let prefix: String
    private var found = FaultList()

    var faults: [RequestFault] { found.all() }

    init(_ members: [String: JSONValue], known: [String], prefix: String = "") {
        self.members = members
        self.prefix = prefix
        let unknown = members.keys.filter { !known.contains($0) }.sorted()
        if unknown.isEmpty { return }
        let list = known.joined(separator: ", ")
        for name in unknown { fault(String(name.unicodeScalars.prefix(64)), "is not known; there are \(list)") }
    }

    /// What an administrative request may hold: a thousand prices of seven fields, ten thousand rows of an invoice (S4).
    static let limits = JSONLimits(depth: 32, values: 150_000)
    /// Documents up to this size are read where they arrived; larger ones leave the event loop.
    static let inlineLimit = 32 << 10

    /// The body of an administrative request: a JSON object of at most so many bytes. Ask for permission first.
    static func members(of request: ServerRequest, limit: Int) async throws(Problem) -> [String: JSONValue] {
        let body = try await RequestBody.read(request, limit: limit)
        return try await members(of: body, mostBytes: inlineLimit)
    }

    /// The members of an object, read off the loop when the text is large.
    static func members(of body: [UInt8], mostBytes inline: Int) async throws(Problem) -> [String: JSONValue] {
        let members: [String: JSONValue]?
        do throws(JSONFault) {
            members =
                body.count <= inline
                ? try JSONReader.members(of: body, limits: limits)
                : try await ThreadPoolExecutor.shared.run { () throws(JSONFault) in
                    try JSONReader.members(of: body, limits: limits)
                }
        } catch {
            throw .invalid([RequestFault("body", "must be a JSON object; it \(error.sentence)")])
        }
        guard let members else { throw .invalid([RequestFault("body", "must be a JSON object")]) }
        return members
    }

    mutating func fault(_ name: String, _ message: String) {
        found.add(RequestFault(prefix + name, message))
    }

    mutating func add(_ more: [RequestFault]) { for fault in more { found.add(fault) } }

    func has(_ name: String) -> Bool { value(name) != nil }

    /// A member that is null is a member that is not there.
    private func value(_ name: String) -> JSONValue? { members[name].flatMap { $0 == .null ? nil : $0 } }

    mutating func text(_ name: String, required: Bool = false) -> String? {
        guard let value = value(name) else {
            if required { fault(name, "is required") }
            return nil
        }
        if value.stringValue == nil { fault(name, "must be a string") }
        return value.stringValue
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = value(name) else { return nil }
        if value.boolValue == nil { fault(name, "must be true or false") }
        return value.boolValue
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            fault(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Money as a decimal string in US dollars, never a float.
    mutating func money(_ name: String, most: Money, required: Bool = false) -> Money? {
        guard let value = value(name) else {
            if required { fault(name, "is required: a decimal string such as \"0.06\"") }
            return nil
        }
        guard let text = value.stringValue else {
            fault(name, "must be a decimal string such as \"0.06\", not \(value.kindName)")
            return nil
        }
        guard let amount = Money(usd: text) else {
            fault(name, "must be a plain decimal in US dollars with at most 9 decimals, such as \"0.06\"")
            return nil
        }
        guard amount >= .zero, amount <= most else {
            fault(name, "must be from 0 to \(most.usd)")
            return nil
        }
        return amount
    }

    mutating func moment(_ name: String, required: Bool = false) -> Timestamp? {
        guard let text = text(name, required: required) else { return nil }
        guard let moment = Timestamp(text), moment.microseconds >= 0 else {
            fault(name, "must be a date such as 2026-11-01 or an RFC 3339 time such as 2026-11-01T00:00:00Z")
            return nil
        }
        return moment
    }

    mutating func list(_ name: String) -> [JSONValue]? {
        guard let value = value(name) else { return nil }
        if value.arrayValue == nil { fault(name, "must be a list") }
        return value.arrayValue
    }
}
