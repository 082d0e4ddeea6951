package import EaselBase
package import EaselCore

/// What is watched, who is told, and how they are reached.
package struct AlertSettings: Sendable {
    /// How a destination is reached.
    package enum Address: Sendable {
        /// `secret` signs what is sent.
        case webhook(url: Secret, secret: Secret)
        case slack(url: Secret)
        case email(Mail)
    }

    package struct Mail: Sendable {
        package var to: [String]
        package var from: String
        /// `smtp://HOST:PORT` or `smtps://HOST:PORT`.
        package var server: String
        package var user: String?
        package var password: Secret?
    }

    package var addresses: [String: Address] = [:]
    package var plan = AlertPlan()

    package init() {}
}

extension AlertSettings {
    /// A mail server on this machine.
    private static let localServer = "smtp://127.0.0.1:25"

    mutating func read(_ section: SectionReader) {
        let given = section.required("destinations", "name who is notified; without one, rules have nowhere to go")
        let entries = given?.section()?.named() ?? []
        if given != nil, entries.isEmpty { given?.fault("holds no destination; add at least one") }
        for (name, setting) in entries {
            Names.check(name, setting, of: "destination")
            guard let (kind, address) = destination(setting) else { continue }
            plan.destinations.append(AlertPlan.Destination(name: name, kind: kind))
            addresses[name] = address
        }
        let names = entries.map(\.name)
        var hasStandard = true
        section.read("standard_rules", into: &hasStandard) { $0.boolean() }
        var rules: [AlertRule] = []
        section.read("rules", into: &rules) { setting in
            setting.list()?.compactMap { AlertRuleReader.rule($0, destinations: names) }
        }
        section.read("reports", into: &plan.schedules) { setting in
            setting.list()?.compactMap { AlertRuleReader.schedule($0, destinations: names) }
        }
        for (index, name) in (rules.map(\.name) + plan.schedules.map(\.name)).enumerated()
        where (rules.map(\.name) + plan.schedules.map(\.name)).prefix(index).contains(name) {
            section.fault(
                index < rules.count ? "rules" : "reports",
                "has the name \(name) twice; give each rule and each report its own"
            )
        }
        // Who writes a rule of a kind says everything of that kind.
        let own = Set(rules.map(\.kind))
        let taken = Set(rules.map(\.name))
        let standard =
            hasStandard
            ? AlertRule.standard(to: names).filter { !own.contains($0.kind) && !taken.contains($0.name) } : []
        plan.rules = rules + standard
    }

    private func destination(_ setting: SettingReader) -> (AlertPlan.Destination.Kind, Address)? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let kind = section.required("kind", "set its kind: webhook, slack or email")?
            .choice(AlertPlan.Destination.Kind.self)
        switch kind {
        case .webhook:
            let url = section.required("url", "set its address")?.secret(SecretRules.webURL)
            let secret = section.required("secret", "write `${NAME}` or `{ file: PATH }`; it signs what is sent")?
                .secret(SecretRules.webhookSecret)
            guard let url, let secret else { return nil }
            return (.webhook, .webhook(url: url, secret: secret))
        case .slack:
            let url = section.required("url", "write the address of the incoming webhook")?.secret(SecretRules.webURL)
            return url.map { (.slack, .slack(url: $0)) }
        case .email:
            let to = section.required("to", "set who receives the mail")?.oneOrMore { $0.mailAddress() }
            let from = section.required("from", "set who sends the mail")?.mailAddress()
            var mail = Mail(to: to ?? [], from: from ?? "", server: Self.localServer)
            section.read("smtp", into: &mail.server) { $0.mailServer() }
            section.read("user", into: &mail.user) { $0.text() }
            section.read("password", into: &mail.password) { $0.secret() }
            if (mail.user == nil) != (mail.password == nil) {
                section.fault("wants both user and password, or neither")
            }
            guard to != nil, from != nil else { return nil }
            return (.email, .email(mail))
        case nil:
            // Their faults are told when the kind is mended.
            for name in ["url", "secret", "to", "from", "smtp", "user", "password"] { _ = section.take(name) }
            return nil
        }
    }
}

extension SettingReader {
    /// One value, or a list of some.
    func oneOrMore<Value>(_ read: (SettingReader) -> Value?) -> [Value]? {
        guard case .sequence = node.content else { return read(self).map { [$0] } }
        guard let items = list() else { return nil }
        if items.isEmpty {
            fault("is an empty list; name at least one")
            return nil
        }
        let values = items.compactMap(read)
        return values.count == items.count ? values : nil
    }

    /// `name@example.com`: enough of a check to catch a slip, and nothing that could begin another header.
    func mailAddress() -> String? {
        scalar("a mail address such as ops@example.com") { text in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"<>,;:\"()\\".utf8.contains($0) }
            return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && isPlain && text.utf8.count <= 254
                ? text : nil
        }
    }

    fileprivate func mailServer() -> String? {
        scalar("a mail server such as smtp://mail.example.com:587 or smtps://mail.example.com:465") { text in
            let rest: Substring
            if text.hasPrefix("smtp://") {
                rest = text.dropFirst(7)
            } else if text.hasPrefix("smtps://") {
                rest = text.dropFirst(8)
            } else {
                return nil
            }
            let isPlain = rest.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"@/?#".utf8.contains($0) }
            return !rest.isEmpty && isPlain ? text : nil
        }
    }
}

extension SecretRules {
    /// Where a webhook listens. Its path or query may be a secret, so that no message repeats it.
    static func webURL(_ text: String) -> String? {
        if let problem = headerValue(text) { return problem }
        guard text.hasPrefix("https://") || text.hasPrefix("http://"),
            let host = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last?
                .prefix(while: { $0 != "/" && $0 != "?" }), !host.isEmpty
        else { return "wants an address such as https://hooks.example.com/easel" }
        if host.contains("@") { return "has a user or a password in it; remove it, `secret` signs what is sent" }
        return text.contains("#") ? "has a fragment (`#...`); remove it" : nil
    }

    /// What begins as the specification writes secrets must go on like it.
    static func webhookSecret(_ text: String) -> String? {
        if let problem = headerValue(text) { return problem }
        guard text.hasPrefix("whsec_") else { return nil }
        return WebhookSecret.bytes(text) == nil ? "begins with whsec_ but is not followed by base64" : nil
    }
}
