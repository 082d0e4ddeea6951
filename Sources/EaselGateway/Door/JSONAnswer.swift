import EaselBase
import EaselServer
import EaselTransport

/// A JSON answer.
func json(
    _ value: some Encodable,
    status: Int = 200,
    fields: HTTPFields = HTTPFields()
) throws(Problem) -> ServerResponse {
    do {
        return .json(try JSON.encode(value, sorted: true), status: status, fields: fields)
    } catch {
        throw Problem(.internalError, "The answer could not be written.")
    }
}
