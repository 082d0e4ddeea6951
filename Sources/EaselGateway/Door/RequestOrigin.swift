import EaselTransport

/// Which page a browser's request comes from. A cookie comes along by itself; whether its owner meant the request is told by
/// the page that made it.
enum RequestOrigin {
    static let refusal = """
        A session changes something only for the page that it was opened on: the request says by Sec-Fetch-Site or Origin \
        that it comes from elsewhere, or does not say. Send a key as `Authorization: Bearer KEY`.
        """

    /// Whether the request was made by a page of ours. `publicURL`: where callers find us, if it is configured.
    ///
    /// Browsers say so by `Sec-Fetch-Site` (Fetch Metadata) where the connection is trustworthy; elsewhere their `Origin` has
    /// to be the host that was asked. Scripts can set neither.
    static func isOwn(_ fields: HTTPFields, publicURL: String?) -> Bool {
        let sites = fields.values(of: "Sec-Fetch-Site")
        if !sites.isEmpty { return sites == ["same-origin"] }
        return hasOwnOrigin(fields, publicURL: publicURL) ?? false
    }

    /// The same of a request that proves itself: one that says nothing is no browser's.
    static func isForeign(_ fields: HTTPFields, publicURL: String?) -> Bool {
        let sites = fields.values(of: "Sec-Fetch-Site")
        if !sites.isEmpty { return !sites.allSatisfy { $0 == "same-origin" || $0 == "none" } }
        return hasOwnOrigin(fields, publicURL: publicURL).map { !$0 } ?? false
    }

    /// Nil where there is no `Origin`.
    private static func hasOwnOrigin(_ fields: HTTPFields, publicURL: String?) -> Bool? {
        let origins = fields.values(of: "Origin")
        guard let origin = origins.first else { return nil }
        guard origins.count == 1, let own = authority(origin) else { return false }
        if let publicURL, authority(publicURL) == own { return true }
        return fields.values(of: "Host").map { $0.lowercased() } == [own]
    }

    /// `https://a.example:8443/x` -> `a.example:8443`; nil for `null` and whatever else names no host.
    private static func authority(_ url: String) -> String? {
        for scheme in ["http://", "https://"] where url.lowercased().hasPrefix(scheme) {
            let rest = url.dropFirst(scheme.count).prefix { $0 != "/" }
            return LinkBase.isHost(String(rest)) ? rest.lowercased() : nil
        }
        return nil
    }
}
