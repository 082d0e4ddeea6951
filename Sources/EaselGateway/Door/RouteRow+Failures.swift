import EaselBase

extension RouteRow {
    /// Every code that an error of this row can have: those that follow from what it asks and takes, and its own.
    var failures: [Problem.Code] {
        var codes: Set<Problem.Code> = [.invalidRequest, .internalError, .unavailable]
        if access.asksForKey || access == .metrics { codes.insert(.unauthenticated) }
        // A session changes something only for its own page.
        if [.admin, .link, .metrics].contains(access) || access.asksForKey && method != "GET" {
            codes.insert(.forbidden)
        }
        if !path.names.isEmpty { codes.insert(.notFound) }
        if load != .light { codes.insert(.rateLimited) }
        switch body {
        case .none: break
        case .object: codes.formUnion([.requestTimeout, .tooLarge, .unsupportedMediaType])
        case .remix: codes.formUnion([.requestTimeout, .tooLarge, .unsupportedMediaType, .rateLimited])
        }
        codes.formUnion(fails)
        return Problem.Code.allCases.filter(codes.contains)
    }

    /// The same by status.
    var failuresByStatus: [(status: Int, codes: [Problem.Code])] {
        Dictionary(grouping: failures, by: \.status).map { ($0.key, $0.value) }.sorted { $0.status < $1.status }
    }

    /// What stands in the head of an error beside its body.
    static func headers(of code: Problem.Code, on row: RouteRow) -> [HeaderRule] {
        switch code {
        case .unauthenticated: [.always("WWW-Authenticate", .choice(["Bearer"]), "How a key is sent.")]
        case .rateLimited, .unavailable: [.always("Retry-After", .integer(1...86_400), "Seconds.")]
        case .providersFailed, .inProgress: [.sometimes("Retry-After", .integer(1...86_400), "Seconds.")]
        case .unsupportedMediaType: [.always("Accept-Encoding", .text, "The content codings that are supported.")]
        default: []
        }
    }
}
