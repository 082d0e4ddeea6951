import EaselBase

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
