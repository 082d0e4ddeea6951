package import EaselBase

/// A whole day in UTC: what providers bill by.
package struct CivilDay: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01.
    package let number: Int

    package init(number: Int) {
        self.number = number
    }

    /// The day that a moment lies in.
    package init(of moment: Timestamp) {
        let seconds = moment.secondsSince1970
        self.init(number: Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400))
    }

    /// Reads `2026-11-21`; nil for everything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 10, let moment = Timestamp(text) else { return nil }
        self.init(of: moment)
    }

    package static func < (left: CivilDay, right: CivilDay) -> Bool { left.number < right.number }

    /// Its first moment.
    package var start: Timestamp { Timestamp(microseconds: Int64(number) * 86_400_000_000) }
    /// The first moment of the next day.
    package var end: Timestamp { next.start }
    package var next: CivilDay { adding(1) }
    package var previous: CivilDay { adding(-1) }

    package func adding(_ days: Int) -> CivilDay { CivilDay(number: number + days) }
}

extension CivilDay: CustomStringConvertible {
    /// `2026-11-21`
    package var description: String { String(start.text(fractionDigits: 0).prefix(10)) }
}

extension CivilDay: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let day = CivilDay(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date such as 2026-11-21")
        }
        self = day
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Whole days of one provider, both ends included.
package struct ReconciliationSpan: Sendable, Hashable {
    package let provider: String
    package let first: CivilDay
    package let last: CivilDay

    package init(provider: String, first: CivilDay, last: CivilDay) {
        self.provider = provider
        self.first = first
        self.last = last
    }

    package var start: Timestamp { first.start }
    /// The first moment after it.
    package var end: Timestamp { last.end }
    package var days: Int { last.number - first.number + 1 }
    package func contains(_ day: CivilDay) -> Bool { first <= day && day <= last }
}
