package import EaselBase
package import EaselCore

/// A fault rule that cannot be understood; `message` says which member of which rule.
package struct FaultRuleError: Error, Sendable, Equatable, Explained {
    /// For people: the rule's number, the member and what it should be.
    package let message: String

    package var sentence: String { message }
}

/// The JSON of `PUT /sandbox/faults`: a list of objects.
///
/// ```json
/// {"provider": "runware", "on": "submit", "first": 2, "kind": "status", "status": 503, "retry_after": 1}
/// ```
///
/// `provider`: a kind such as `runware`, or `any` (default). `on`: `submit` (default), `poll`, `download`. One of
/// `probability`, `first`, `every`, or none for always. `kind` is one of `status` (with `status`, `retry_after`), `page` (the same, from somebody on the way), `code`
/// (with `code`), `refuse_content`, `reset_before_executing`, `reset_after_executing`, `hang` (with
/// `after_executing`), `truncated_json`, `cut_off`, `garbage`, `missing_cost`, `fewer_images` (with `count`), `unsafe`,
/// `copyright_flagged`, `slow_drip` (with `pause`), `latency` (with `extra`), `connect_refused`. Durations are
/// texts such as `250ms`. A member that does not belong to the kind is an error.
extension FaultRule {
    /// Reads a list of rules for these providers. Throws ``FaultRuleError`` for the first that is wrong.
    package static func list(
        from value: JSONValue,
        providers: [ProviderKind]
    ) throws(FaultRuleError) -> [FaultRule] {
        guard let items = value.arrayValue else { throw FaultRuleError(message: "the rules must be a list") }
        var rules: [FaultRule] = []
        for (index, item) in items.enumerated() {
            do throws(FaultRuleError) {
                rules.append(try FaultRule(item, providers: providers))
            } catch {
                throw FaultRuleError(message: "rule \(index + 1): \(error.message)")
            }
        }
        return rules
    }

    /// Reads one rule.
    package init(_ value: JSONValue, providers: [ProviderKind]) throws(FaultRuleError) {
        guard var members = value.objectValue else { throw FaultRuleError(message: "a rule must be an object") }
        func take(_ name: String) -> JSONValue? { members.removeValue(forKey: name) }

        switch take("provider")?.stringValue ?? "any" {
        case "any": provider = nil
        case let name:
            guard let known = providers.first(where: { $0.rawValue == name }) else {
                let names = providers.map(\.rawValue).joined(separator: ", ")
                throw FaultRuleError(message: "provider must be \(names) or any")
            }
            provider = known
        }
        guard let route = FaultRoute(rawValue: take("on")?.stringValue ?? "submit") else {
            throw FaultRuleError(message: "on must be submit, poll or download")
        }
        self.route = route
        let (probability, first, every) = (take("probability"), take("first"), take("every"))
        guard [probability, first, every].compactMap({ $0 }).count <= 1 else {
            throw FaultRuleError(message: "only one of probability, first and every may be given")
        }
        if let probability {
            guard let chance = Self.double(probability), (0...1).contains(chance) else {
                throw FaultRuleError(message: "probability must be a number from 0 to 1")
            }
            timing = .probability(chance)
        } else if let first {
            guard let count = first.intValue, count >= 0 else {
                throw FaultRuleError(message: "first must be a whole number")
            }
            timing = .first(count)
        } else if let every {
            guard let count = every.intValue, count >= 1 else {
                throw FaultRuleError(message: "every must be a whole number from 1")
            }
            timing = .every(count)
        } else {
            timing = .always
        }
        guard let kindName = take("kind")?.stringValue else { throw FaultRuleError(message: "kind is missing") }
        kind = try Self.kind(kindName, &members)
        if let extra = members.keys.sorted().first {
            throw FaultRuleError(message: "\(extra) does not belong to the kind \(kindName)")
        }
    }

    private static func kind(
        _ name: String,
        _ members: inout [String: JSONValue]
    ) throws(FaultRuleError) -> FaultKind {
        switch name {
        case "status":
            guard let status = members.removeValue(forKey: "status")?.intValue, (400...599).contains(status) else {
                throw FaultRuleError(message: "status must be a number from 400 to 599")
            }
            return .status(status, retryAfter: members.removeValue(forKey: "retry_after")?.intValue)
        case "page":
            guard let status = members.removeValue(forKey: "status")?.intValue, (200...599).contains(status) else {
                throw FaultRuleError(message: "status must be a number from 200 to 599")
            }
            return .page(status, retryAfter: members.removeValue(forKey: "retry_after")?.intValue)
        case "code":
            guard let code = members.removeValue(forKey: "code")?.stringValue, !code.isEmpty else {
                throw FaultRuleError(message: "code must be one of Runware's error codes")
            }
            return .code(code)
        case "refuse_content": return .refuseContent
        case "reset_before_executing": return .resetBeforeExecuting
        case "reset_after_executing": return .resetAfterExecuting
        case "hang":
            return .hang(afterExecuting: members.removeValue(forKey: "after_executing")?.boolValue ?? false)
        case "truncated_json": return .truncatedJSON
        case "cut_off": return .cutOff
        case "garbage": return .garbage
        case "missing_cost": return .missingCost
        case "fewer_images":
            guard let count = (members.removeValue(forKey: "count") ?? 1).intValue, count >= 1 else {
                throw FaultRuleError(message: "count must be a whole number from 1")
            }
            return .fewerImages(count)
        case "unsafe": return .unsafe
        case "copyright_flagged": return .copyrightFlagged
        case "slow_drip": return .slowDrip(try duration("pause", &members, default: .milliseconds(20)))
        case "latency": return .latency(try duration("extra", &members, default: nil))
        case "connect_refused": return .connectRefused
        default: throw FaultRuleError(message: "there is no kind \(name)")
        }
    }

    private static func duration(
        _ name: String,
        _ members: inout [String: JSONValue],
        default fallback: Duration?
    ) throws(FaultRuleError) -> Duration {
        guard let value = members.removeValue(forKey: name) else {
            guard let fallback else { throw FaultRuleError(message: "\(name) is missing") }
            return fallback
        }
        guard let duration = value.stringValue.flatMap({ DurationText.parse($0) }) else {
            throw FaultRuleError(message: "\(name) must be a duration such as 250ms")
        }
        return duration
    }

    private static func double(_ value: JSONValue) -> Double? {
        value.numberValue.flatMap { Double("\($0)") }
    }
}
