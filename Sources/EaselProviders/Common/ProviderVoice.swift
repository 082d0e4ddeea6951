package import EaselBase
package import EaselCore
package import EaselTransport
import Foundation

/// Who speaks in an answer that is no success: the provider, or something on the way to it.
///
/// What a status means is said by who says it. Only the provider knows whether it turned a request down or works on it and
/// charges it; a firewall, a proxy or a load balancer sends the same numbers and knows nothing. So a status counts as the
/// provider's word only with a body of the form that is known of it (docs/providers/runware.md, 2.3;
/// docs/providers/ideogram.md, 5.1); all else is foreign: the request may have been carried out (M4), and neither an
/// account, nor a key, nor a model is judged by it.
package enum ProviderVoice {
    /// Bytes of an error's body beyond which nobody's documents go.
    package static let longestBody = 256 << 10

    /// Whether the members of a body, beside its status, are of a form that is known of a provider.
    package typealias Words = (_ members: [String: JSONValue], _ status: Int) -> Bool

    /// Whether the body of an answer with an error status is the provider's own.
    package static func isOwn(_ response: HTTPResponse, by areOwn: Words) -> Bool {
        guard (400..<600).contains(response.status), !isOfEdge(response.status), saysJSON(response.fields),
            response.body.count <= longestBody,
            let members = (try? JSON.decodeForeign(JSONValue.self, from: response.body))?.objectValue
        else { return false }
        return areOwn(members, response.status)
    }

    /// What such an answer is when it is not the provider's: whether the request was carried out is not known.
    package static func foreign(_ response: HTTPResponse, instead name: String) -> ProviderFailure {
        ProviderFailure(
            .foreign,
            code: "http_\(response.status)",
            message: "Something between Easel and \(name) answered with status \(response.status), not \(name) itself; "
                + "whether the request was carried out is not known.",
            httpStatus: response.status,
            retryAfter: response.fields.retryAfter
        )
    }

    /// The pause that an unanswered question is to be followed by (RFC 9110, 10.2.3).
    package static func pause(_ response: HTTPResponse, _ areOwn: Words) -> AskingPause? {
        guard !(200..<300).contains(response.status), let pause = response.fields.retryAfter, pause > .zero else {
            return nil
        }
        return AskingPause(pause, isOfAccount: isOwn(response, by: areOwn))
    }

    /// Statuses that only the way sends: nginx's 499, and Cloudflare's own from 520 on.
    private static func isOfEdge(_ status: Int) -> Bool { status == 499 || status >= 520 }

    private static func saysJSON(_ fields: HTTPFields) -> Bool {
        fields["Content-Type"].map { $0.lowercased().contains("json") } ?? true
    }
}
