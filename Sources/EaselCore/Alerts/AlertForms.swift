import EaselBase

/// Settings that rules of several kinds have.
enum AlertForms {
    static var group: Setting<AlertRule> {
        Setting("by", \.group, .group, "what is judged for itself")
    }

    static var timezone: Setting<AlertRule> {
        Setting("timezone", \.timezone, .timezone, "the calendar of its days")
    }

    /// A share as people write it, in tenths of a percent where it is no whole one.
    static func percent(_ share: Double) -> String {
        let tenths = Int(saturating: (share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }
}

extension SettingForm<Double> {
    /// `5%`, `0.5%` as a share.
    static func share(atMost most: Double) -> Self {
        Self(
            "a share from 0% to \(Int(most))%",
            written: { share in
                let millis = Int(saturating: (share * 100_000).rounded())
                var text = "\(millis / 1000)."
                text.appendPadded(millis % 1000, width: 3)
                return text + "%"
            },
            spelt: AlertForms.percent
        ) { setting in
            setting.scalar("a share such as 5% or 0.5%, from 0% to \(Int(most))%") { text in
                guard text.hasSuffix("%") else { return nil }
                let digits = text.dropLast()
                guard !digits.isEmpty, digits.count <= 12,
                    digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
                    let percent = Double(digits), percent <= most
                else { return nil }
                return percent / 100
            }
        }
    }
}

extension SettingForm<UsageQuery.Dimension?> {
    fileprivate static var group: Self {
        let groups: [String: UsageQuery.Dimension?] = [
            "all": nil, "team": .team, "provider": .provider, "model": .model, "project": .project, "key": .key,
        ]
        let names = groups.keys.sorted()
        return Self(names.map { "`\($0)`" }.joined(separator: ", "), written: { $0?.name ?? "all" }) { setting in
            setting.choice(names, later: []).map { groups[$0] ?? nil }
        }
    }
}

extension SettingForm<String> {
    /// A name of the database of time zones.
    package static var timezone: Self {
        Self("a time zone such as `Europe/Berlin`", written: SettingText.quoted, spelt: { $0 }) { setting in
            setting.scalar("a time zone such as UTC or Europe/Berlin") { LocalTime($0) == nil ? nil : $0 }
        }
    }
}

extension SettingForm<Money> {
    /// More than none.
    static var money: Self {
        Self("an amount in US dollars", written: { "\"\($0.usd)\"" }, spelt: \.usd) { $0.money() }
    }
}
