/// `Content-Encoding` of a body (RFC 9110, 8.4), for bodies that libcurl does not unpack: those of requests, and those of
/// answers that also name something that is no compression.
package enum ContentCoding {
    /// Why a body cannot be unpacked.
    package enum Fault: Error, Sendable, Hashable {
        /// A coding that is not known here, as it was named.
        case unknown(String)
        case damaged
        /// More than allowed would come out.
        case tooLarge(limit: Int)
    }

    /// What is understood, for people and for `Accept-Encoding`.
    package static let understood = "gzip, deflate"
    private static let formats: [String: Inflation.Format] = ["gzip": .gzip, "x-gzip": .gzip, "deflate": .deflate]
    /// Nobody packs a body more often.
    private static let maxLayers = 3

    /// The codings that a message names, in the order in which they were applied, in lower case.
    package static func names(in fields: HTTPFields) -> [String] {
        fields.values(of: "Content-Encoding").flatMap { $0.split(separator: ",") }
            .map { String($0.drop(while: isBlank).reversed().drop(while: isBlank).reversed()).lowercased() }
            .filter { !$0.isEmpty && $0 != "identity" }
    }

    /// The first of the names that is not understood, at most 32 characters of it.
    package static func stranger(among names: [String]) -> String? {
        names.first { formats[$0] == nil }.map { String($0.prefix(32)) }
    }

    /// The body before it was packed, at most `maxBytes`. Names that are not understood are passed over, as browsers do
    /// with `aws-chunked`, `UTF-8` and `binary`. Takes time in proportion to `maxBytes`.
    package static func unpack(
        _ body: [UInt8],
        _ names: [String],
        maxBytes: Int
    ) throws(Fault) -> [UInt8] {
        let layers = names.compactMap { formats[$0] }
        guard layers.count <= maxLayers else { throw .damaged }
        var bytes = body
        for layer in layers.reversed() {
            do throws(Inflation.Fault) {
                bytes = try Inflation.unpack(bytes, layer, maxBytes: maxBytes)
            } catch {
                switch error {
                case .damaged: throw .damaged
                case .tooLarge: throw .tooLarge(limit: maxBytes)
                }
            }
        }
        return bytes
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
}
