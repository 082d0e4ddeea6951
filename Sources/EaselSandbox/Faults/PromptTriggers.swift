import EaselBase
import EaselCore

/// Faults that a prompt asks for, so that a person with nothing but a client can see how failures look.
///
/// A word of the prompt that begins with `sandbox:` is a trigger; with `@` and a kind behind it, such as `@runware`, only that
/// provider misbehaves, which makes a failover visible: `a red kite sandbox:error=503@runware`.
///
/// | word | fault |
/// |---|---|
/// | `sandbox:refuse` | the content check refuses |
/// | `sandbox:unsafe`, `sandbox:copyright` | the result is flagged |
/// | `sandbox:slow=2s` | takes so much longer |
/// | `sandbox:error=500` | that HTTP status, from the provider |
/// | `sandbox:page=403` | a page with that HTTP status, from somebody on the way |
/// | `sandbox:code=timeoutProvider` | that error code of Runware |
/// | `sandbox:reset`, `sandbox:reset_after` | connection reset before or after executing |
/// | `sandbox:hang`, `sandbox:hang_after` | no answer |
/// | `sandbox:truncated`, `sandbox:cut_off`, `sandbox:garbage`, `sandbox:drip` | a broken or dripping answer |
/// | `sandbox:no_cost`, `sandbox:fewer=1` | the cost or images are missing |
enum PromptTriggers {
    private static let prefix = "sandbox:"

    /// The faults in a prompt for one provider. Words that are no triggers are left alone, as a provider would.
    static func faults(in prompt: String, for provider: ProviderKind) -> [FaultKind] {
        guard prompt.contains(prefix) else { return [] }
        return prompt.split(whereSeparator: \.isWhitespace).compactMap { word in
            guard word.hasPrefix(prefix) else { return nil }
            let parts = word.dropFirst(prefix.count).split(separator: "@", maxSplits: 1)
            guard let command = parts.first else { return nil }
            if parts.count == 2, parts[1].trimmed != provider.rawValue { return nil }
            return fault(command.trimmed)
        }
    }

    private static func fault(_ command: String) -> FaultKind? {
        let parts = command.split(separator: "=", maxSplits: 1)
        guard let name = parts.first else { return nil }
        let value = parts.count == 2 ? parts[1] : ""
        switch name {
        case "refuse": return .refuseContent
        case "unsafe": return .unsafe
        case "copyright": return .copyrightFlagged
        case "slow": return DurationText.parse(value).map { .latency($0) }
        case "error":
            guard let status = Int(value), (400...599).contains(status) else { return nil }
            return .status(status)
        case "page":
            guard let status = Int(value), (200...599).contains(status) else { return nil }
            return .page(status)
        case "code": return value.isEmpty ? nil : .code(String(value))
        case "reset": return .resetBeforeExecuting
        case "reset_after": return .resetAfterExecuting
        case "hang": return .hang(afterExecuting: false)
        case "hang_after": return .hang(afterExecuting: true)
        case "truncated": return .truncatedJSON
        case "cut_off": return .cutOff
        case "garbage": return .garbage
        case "drip": return .slowDrip(.milliseconds(20))
        case "no_cost": return .missingCost
        case "fewer": return .fewerImages(Int(value) ?? 1)
        default: return nil
        }
    }
}

extension Substring {
    /// Without the punctuation of a sentence around it.
    fileprivate var trimmed: String {
        var text = self
        while let last = text.last, ".,;!?)\"".contains(last) { text.removeLast() }
        return String(text)
    }
}
