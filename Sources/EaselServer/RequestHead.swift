import EaselTransport

/// A request's line and fields, as the parser found them.
struct RequestHead {
    var method: String
    var target: String
    var fields: HTTPFields
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    var minorVersion: Int
    /// nil for a chunked body, 0 when there is none.
    var bodyLength: Int?
    /// Whether version and `Connection` allow a further request.
    var keepsAlive: Bool

    /// The checks that the parser leaves to us; the answer to give, or nil when the request may pass.
    func refusal() -> ServerResponse? {
        func invalid(_ detail: String) -> ServerResponse {
            .problem(status: 400, code: "invalid_request", detail: detail)
        }
        var hosts = 0
        var codings: [String] = []
        for (name, value) in fields.pairs {
            switch name.utf8.count {
            case 4 where HTTPSyntax.equalIgnoringCase(name, "host"): hosts += 1
            case 6 where HTTPSyntax.equalIgnoringCase(name, "expect"):
                guard HTTPSyntax.equalIgnoringCase(value, "100-continue") else {
                    return .problem(status: 417, code: "invalid_request", detail: "only 100-continue can be expected")
                }
            case 17 where HTTPSyntax.equalIgnoringCase(name, "transfer-encoding"): codings.append(value)
            default: break
            }
        }
        // Two hosts, or none, are how requests are smuggled past a front end that looks at another one.
        if hosts > 1 || hosts == 0 && minorVersion > 0 { return invalid("exactly one Host field is needed") }
        if !codings.isEmpty {
            if minorVersion == 0 { return invalid("HTTP/1.0 has no Transfer-Encoding") }
            guard codings.count == 1, HTTPSyntax.equalIgnoringCase(codings[0], "chunked") else {
                return .problem(status: 501, code: "invalid_request", detail: "the only transfer coding is chunked")
            }
        }
        if method == "CONNECT" {
            return .problem(status: 501, code: "invalid_request", detail: "this is no proxy")
        }
        return nil
    }

    var expectsContinue: Bool {
        minorVersion > 0 && bodyLength != 0 && fields["Expect"] != nil
    }
}
