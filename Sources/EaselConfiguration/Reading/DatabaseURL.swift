import Foundation

/// Whether libpq will read a connection URL as its writer meant it.
///
/// libpq takes the user and the password to end at the first `@`. When a password holds one that is not encoded, what follows
/// is taken for the host, and shown in errors (S2); a `/` does the same before the `@`. So such a URL is refused here, in
/// words that quote nothing. The rules are those of https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING.
package enum DatabaseURL {
    private static let encode =
        "in a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25"
    /// What libpq 15 knows (section 34.1.2), and JDBC's `ssl`, which it takes.
    private static let parameters = [
        "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "channel_binding", "connect_timeout",
        "client_encoding", "options", "application_name", "fallback_application_name", "keepalives", "keepalives_idle",
        "keepalives_interval", "keepalives_count", "tcp_user_timeout", "replication", "gssencmode", "sslmode",
        "requiressl",
        "sslcompression", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "sslsni",
        "requirepeer",
        "ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib", "service",
        "target_session_attrs",
        "ssl",
    ]
    private static let sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    /// What is wrong with it, as a sentence that does not hold any of it; nil when nothing is.
    package static func problem(_ text: String) -> String? {
        if let problem = SecretRules.headerValue(text) { return problem }
        guard let scheme = ["postgresql://", "postgres://"].first(where: { text.hasPrefix($0) }) else {
            return "is not a PostgreSQL address; write postgresql://USER@HOST/DATABASE"
        }
        var rest = text.dropFirst(scheme.count)
        let head = rest.prefix { $0 != "@" && $0 != "/" }
        if rest.dropFirst(head.count).first == "@" { rest = rest.dropFirst(head.count + 1) }
        guard !rest.contains("@") else { return "holds an @ that is not encoded; \(encode)" }
        guard isEncoded(text) else { return "holds a % that begins no percent-encoding; \(encode)" }
        let hosts = rest.prefix { $0 != "/" && $0 != "?" }
        guard hosts.split(separator: ",").allSatisfy(hasSoundBrackets) else {
            return "has a [ or ] that is no part of an IPv6 address; write [::1] for one, and \(encode)"
        }
        guard hosts.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(hasSoundPort) else {
            return "has a port that is no number from 1 to 65535; \(encode)"
        }
        guard let mark = rest.firstIndex(of: "?") else { return nil }
        return rest[rest.index(after: mark)...].split(separator: "&").lazy.compactMap(parameterProblem).first
    }

    private static func isEncoded(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "%") {
            let digits = bytes[(index + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }), digits != [48, 48]
            else { return false }
        }
        return true
    }

    /// `[` at the beginning, its `]`, and then at most a port.
    private static func hasSoundBrackets(_ host: Substring) -> Bool {
        guard host.hasPrefix("[") else { return !host.contains { "[]".contains($0) } }
        guard let end = host.firstIndex(of: "]"), end > host.index(after: host.startIndex) else { return false }
        let rest = host[host.index(after: end)...]
        return (rest.isEmpty || rest.hasPrefix(":")) && !host.dropFirst().contains("[") && !rest.contains("]")
    }

    private static func hasSoundPort(_ host: Substring) -> Bool {
        let afterName = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
        guard !afterName.isEmpty else { return true }
        let port = afterName.dropFirst()
        guard afterName.first == ":", port.utf8.allSatisfy({ (48...57).contains($0) }) else { return false }
        return port.isEmpty || Int(port).map { (1...65_535).contains($0) } ?? false
    }

    private static func parameterProblem(_ text: Substring) -> String? {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return "has a parameter after ? that is not NAME=VALUE" }
        guard let name = String(parts[0]).removingPercentEncoding, parameters.contains(name) else {
            return "has a parameter after ? that PostgreSQL does not know"
                + Nearest.hint(String(parts[0]), among: parameters)
        }
        guard name == "sslmode", !sslModes.contains(String(parts[1])) else { return nil }
        return "has an sslmode that PostgreSQL does not know; it knows \(sslModes.joined(separator: ", "))"
    }
}
