import EaselBase
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

    /// Whether the body of an answer with an error status is the provider's own.
    package static func isOwn(_ response: HTTPResponse, by kind: ProviderKind) -> Bool {
        guard (400..<600).contains(response.status), !isOfEdge(response.status), saysJSON(response.fields),
            response.body.count <= longestBody,
            let members = (try? JSON.decodeForeign(JSONValue.self, from: response.body))?.objectValue
        else { return false }
        switch kind {
        case .runware: return RunwareWords.areOwn(members)
        case .ideogram: return IdeogramWords.areOwn(members, status: response.status)
        }
    }

    /// What such an answer is when it is not the provider's: whether the request was carried out is not known.
    static func foreign(_ response: HTTPResponse, instead name: String) -> ProviderFailure {
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
    static func pause(_ response: HTTPResponse, _ kind: ProviderKind) -> AskingPause? {
        guard !(200..<300).contains(response.status), let pause = response.fields.retryAfter, pause > .zero else {
            return nil
        }
        return AskingPause(pause, isOfAccount: isOwn(response, by: kind))
    }

    /// Statuses that only the way sends: nginx's 499, and Cloudflare's own from 520 on.
    private static func isOfEdge(_ status: Int) -> Bool { status == 499 || status >= 520 }

    private static func saysJSON(_ fields: HTTPFields) -> Bool {
        fields["Content-Type"].map { $0.lowercased().contains("json") } ?? true
    }
}

/// Runware's own words: its envelope with at least one error of its form.
enum RunwareWords {
    static func areOwn(_ members: [String: JSONValue]) -> Bool {
        members["errors"]?.arrayValue?.contains { isError($0) } == true
    }

    private static func isError(_ value: JSONValue) -> Bool {
        guard let code = value["code"]?.stringValue, value["message"]?.stringValue != nil else { return false }
        return isCode(code)
    }

    /// Codes are words in camel case; other people's are numbers, or words with blanks and signs.
    static func isCode(_ text: String) -> Bool {
        guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 80 else { return false }
        return text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }
}

/// Ideogram's own words: each of its families of bodies with the statuses that it is documented for, and no member beside.
enum IdeogramWords {
    /// Reasons of `reject_reason` (docs/providers/ideogram.md, 5.3).
    private static let reasons: Set<String> = [
        "insufficient_funds", "subscription_required", "daily_limit", "priority_credit_required", "inflight_limit",
        "feature_limit",
    ]

    static func areOwn(_ members: [String: JSONValue], status: Int) -> Bool {
        isSentence(members, status) || isMessage(members, status) || isProblem(members, status)
    }

    /// `{"error": "..."}`, with a reason where the account's standing is at fault.
    private static func isSentence(_ members: [String: JSONValue], _ status: Int) -> Bool {
        let known: Set = ["error", "reject_reason", "max_inflight_requests", "task_completion_speed"]
        guard let text = members["error"]?.stringValue, isSaying(text, status), Set(members.keys).isSubset(of: known)
        else { return false }
        if let reason = members["reject_reason"], reason != .null {
            return [400, 402, 403, 429, 500, 503].contains(status)
                && reason.stringValue.map(reasons.contains) == true
        }
        return [400, 402, 422, 429, 500, 503].contains(status)
    }

    /// `{"message": "..."}`, which only a key that is not accepted gets.
    private static func isMessage(_ members: [String: JSONValue], _ status: Int) -> Bool {
        guard members.count == 1, let text = members["message"]?.stringValue else { return false }
        return [401, 403].contains(status) && isSaying(text, status)
    }

    /// A problem document (RFC 9457) as Ideogram's server writes them.
    private static func isProblem(_ members: [String: JSONValue], _ status: Int) -> Bool {
        guard members["type"] == "about:blank", members["title"]?.stringValue != nil,
            members["detail"]?.stringValue != nil, members["status"]?.intValue == status
        else { return false }
        return Set(members.keys).isSubset(of: ["type", "title", "detail", "status"])
            && [400, 404, 405, 406, 413, 415, 422].contains(status)
    }

    /// Whether a sentence says more than the name of its status, which is all that gateways of others say.
    private static func isSaying(_ text: String, _ status: Int) -> Bool {
        let plain = text.lowercased().filter(\.isLetter)
        return !plain.isEmpty && !namesOfStatuses.contains(plain)
    }

    /// The names of the statuses (RFC 9110, 15), and the sentences that cloud gateways send by themselves.
    private static let namesOfStatuses: Set<String> = [
        "badrequest", "unauthorized", "paymentrequired", "forbidden", "accessforbidden", "notfound",
        "unprocessableentity", "unprocessablecontent", "toomanyrequests", "limitexceeded", "ratelimitexceeded",
        "internalservererror", "badgateway", "serviceunavailable", "servicetemporarilyunavailable", "gatewaytimeout",
        "missingauthenticationtoken", "endpointrequesttimedout", "error", "unknownerror", "upstreamerror",
    ]
}
