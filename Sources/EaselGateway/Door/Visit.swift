import EaselBase
import EaselCore
import EaselServer
import EaselTracing
import EaselTransport
import Foundation

/// A request that has come through the door: who sent it is proven, its path and its parameters are read.
struct Visit<Who: Caller>: Sendable {
    let who: Who
    let request: ServerRequest
    let row: RouteRow
    /// What stands in the path where the template has braces.
    let names: [String]
    /// The members of the body where the row takes a JSON object; none otherwise.
    let members: [String: JSONValue]
    let now: Timestamp
    /// Of a remix that is in a trace.
    var trace: CallTrace?

    /// A parameter of the URL. The row has declared it, and it was checked before.
    subscript<Value>(_ parameter: QueryParameter<Value>) -> Value {
        guard let text = request.queryValue(parameter.name) else { return parameter.absent }
        return parameter.read(text, now) ?? parameter.absent
    }

    /// The first name in the path.
    var name: String { names.first ?? "" }

    /// The first name in the path as an id; `missing`: what is said when it is none, for then there is no such thing.
    func id(orMissing missing: String) throws(Problem) -> UUID {
        guard let id = UUID(uuidString: name) else { throw Problem(.notFound, missing) }
        return id
    }

    /// The body's members, to be read one by one; those that the row does not declare are faults already.
    var body: BodyFields { BodyFields(members, known: row.body.names) }
}
