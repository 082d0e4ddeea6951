import EaselBase
import Foundation

/// The one door through which everything comes in that a provider said: numbers are brought into their range, texts cut
/// and made fit for a table and a terminal, codes are identifiers, and nothing repeats a key or a prompt (S2, S4).
///
/// What a reader makes of an answer is the reader's business; that it can be written down and shown is ensured here.
package struct ForeignDoor: Sendable {
    /// Images of one answer that are looked at: a request asks for twenty at most.
    package static let mostImages = 64
    /// The longest that a provider may ask to be left alone.
    package static let longestPause = Duration.seconds(3600)
    /// What stands where a text was taken out.
    package static let withheld = "withheld"
    /// Members of `extra` with this beginning are ours.
    static let ownPrefix = "easel_"

    private let washer: Washer

    /// `secrets` are keys, `prompts` the words of the caller that an answer may repeat. `names`: what keys begin with and
    /// everybody may say.
    package init(secrets: [String], prompts: [String] = [], names: [String] = []) {
        washer = Washer(secrets: secrets, prompts: prompts, names: names)
    }

    package func fit(_ exchange: Exchange) -> Exchange {
        switch exchange {
        case .ended(let result): .ended(fit(result))
        case .accepted(let result): .accepted(fit(result))
        }
    }

    package func fit(_ recovery: Recovery) -> Recovery {
        switch recovery {
        case .ended(let result): .ended(fit(result))
        case .running(let result, let working): .running(fit(result), working: working)
        case .unknown(let pause):
            .unknown(
                pause: pause.map {
                    AskingPause(min(max($0.duration, .zero), Self.longestPause), isOfAccount: $0.isOfAccount)
                }
            )
        case .absent: .absent
        case .untraceable: .untraceable
        }
    }

    package func fit(_ result: ProviderResult) -> ProviderResult {
        var fitted = result
        if result.cost == nil { fitted.cost = Self.sum(result.images) }
        fitted.images = result.images.prefix(Self.mostImages).map { image in
            var image = image
            image.providerImageID = image.providerImageID.flatMap(name)
            return image
        }
        fitted.failure = result.failure.map(fit)
        fitted.httpStatus = result.httpStatus.flatMap(Self.status)
        fitted.providerTaskID = result.providerTaskID.flatMap(name)
        fitted.providerRequestID = result.providerRequestID.flatMap(name)
        if !result.extra.isEmpty { fitted.extra = fit(result.extra) }
        return fitted
    }

    package func fit(_ failure: ProviderFailure) -> ProviderFailure {
        ProviderFailure(
            failure.kind,
            code: code(failure.code),
            message: sentence(failure.message, orElse: "The provider's own message is not shown."),
            httpStatus: failure.httpStatus.flatMap(Self.status),
            billing: failure.billing,
            retryAfter: failure.retryAfter.map { min(max($0, .zero), Self.longestPause) }
        )
    }

    package func fit(_ usage: ProviderUsage) -> ProviderUsage {
        switch usage {
        case .failed(let text): return .failed(sentence(text, orElse: "The provider did not report its usage."))
        case .unsupported(let text):
            return .unsupported(sentence(text, orElse: "The provider does not report its usage."))
        case .rows(var table):
            if table.rows.count > Self.mostUsageRows || table.foreign.count > Self.mostUsageRows {
                table.remarks.insert("The provider's usage has more rows than are read; figures are missing.", at: 0)
            }
            table.rows = table.rows.prefix(Self.mostUsageRows).map { row in
                var row = row
                row.model = row.model.map { name($0) ?? Self.withheld }
                return row
            }
            table.foreign = table.foreign.prefix(Self.mostUsageRows).map { usage in
                var usage = usage
                usage.name = name(usage.name) ?? Self.withheld
                return usage
            }
            table.remarks = table.remarks.prefix(Self.mostRemarks).map { sentence($0, orElse: Self.withheld) }
            return .rows(table)
        }
    }

    /// Rows of a usage report that are read: a model a day for 92 days makes a few hundred.
    static let mostUsageRows = 20_000
    private static let mostRemarks = 50

    // MARK: - Parts

    /// The figures of all images together where each has one; saturates, so that an absurd one is seen as absurd.
    private static func sum(_ images: [ProviderImage]) -> Money? {
        let costs = images.compactMap(\.cost)
        return images.isEmpty || costs.count < images.count ? nil : costs.reduce(.zero, +)
    }

    /// A status of HTTP, or nil for what is none.
    static func status(_ status: Int) -> Int? { (100...599).contains(status) ? status : nil }

    private func code(_ text: String) -> String {
        guard washer.isClean(text), let code = ForeignText.code(text), washer.isClean(code) else {
            return Self.withheld
        }
        return code
    }

    private func name(_ text: String) -> String? {
        washer.clean(ForeignText.line(text, most: ForeignText.nameBytes))
    }

    private func sentence(_ text: String, orElse fallback: String) -> String {
        washer.clean(ForeignText.line(text, most: ForeignText.sentenceBytes)) ?? fallback
    }

    // MARK: - What is kept without being understood

    /// Values and bytes of `extra` that are kept of one answer, and how deep they nest.
    static let mostExtraValues = 200
    static let mostExtraBytes = 16 << 10
    static let deepestExtra = 8

    private func fit(_ extra: [String: JSONValue]) -> [String: JSONValue] {
        keep(extra.filter { !$0.key.hasPrefix(Self.ownPrefix) })
    }

    /// The same with the members that are ours.
    func keep(_ extra: [String: JSONValue]) -> [String: JSONValue] {
        if extra.isEmpty { return [:] }
        var room = (values: Self.mostExtraValues, bytes: Self.mostExtraBytes)
        guard case .object(let members) = fit(.object(extra), depth: 0, &room) else { return [:] }
        return members
    }

    private func fit(_ value: JSONValue, depth: Int, _ room: inout (values: Int, bytes: Int)) -> JSONValue {
        guard depth <= Self.deepestExtra, room.values > 0, room.bytes > 0 else { return .null }
        room.values -= 1
        switch value {
        case .null, .bool: return value
        case .number(let number):
            room.bytes -= 20
            // Of what jsonb and our own decimals hold without becoming a page of zeros.
            return number.isNaN || abs(number.exponent) > 40 ? .null : value
        case .string(let text):
            let kept = washer.clean(ForeignText.line(text, most: min(ForeignText.sentenceBytes, room.bytes)))
            room.bytes -= kept?.utf8.count ?? 0
            return .string(kept ?? Self.withheld)
        case .array(let items):
            var kept: [JSONValue] = []
            for item in items where room.values > 0 && room.bytes > 0 {
                kept.append(fit(item, depth: depth + 1, &room))
            }
            return .array(kept)
        case .object(let members):
            var kept: [String: JSONValue] = [:]
            // In the order of the names, so that equal answers keep the same part.
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                guard room.values > 0, room.bytes > 0 else { break }
                let name = ForeignText.line(key, most: ForeignText.codeBytes)
                guard washer.isClean(name) else { continue }
                room.bytes -= name.utf8.count
                kept[name] = fit(member, depth: depth + 1, &room)
            }
            return .object(kept)
        }
    }
}
