package import EaselCore

/// All that goes wrong with one request or one of its tasks.
package struct Misbehaviour: Sendable, Equatable {
    /// An error in place of an execution.
    package enum Refusal: Sendable, Equatable {
        case status(Int, retryAfter: Int?)
        case page(Int, retryAfter: Int?)
        case code(String)
        case content
    }

    /// How an executed answer is spoiled.
    package enum Spoiling: Sendable, Equatable {
        case truncatedJSON
        case garbage
    }

    package var extraLatency = Duration.zero
    package var refusal: Refusal?
    /// The connection fails before anything is executed.
    package var deliveryBefore: SandboxReply.Delivery?
    /// The answer to an executed request gets lost or is slow.
    package var deliveryAfter: SandboxReply.Delivery?
    package var spoiling: Spoiling?
    package var hidesCost = false
    package var missingImages = 0
    package var isUnsafe = false
    package var isCopyrightFlagged = false

    /// Takes one more fault in; the first of its sort wins.
    mutating func add(_ kind: FaultKind) {
        switch kind {
        case .status(let status, let retryAfter): refusal = refusal ?? .status(status, retryAfter: retryAfter)
        case .page(let status, let retryAfter): refusal = refusal ?? .page(status, retryAfter: retryAfter)
        case .code(let code): refusal = refusal ?? .code(code)
        case .refuseContent: refusal = refusal ?? .content
        case .resetBeforeExecuting: deliveryBefore = deliveryBefore ?? .reset
        case .resetAfterExecuting: deliveryAfter = deliveryAfter ?? .reset
        case .hang(afterExecuting: false): deliveryBefore = deliveryBefore ?? .hang
        case .hang(afterExecuting: true): deliveryAfter = deliveryAfter ?? .hang
        case .truncatedJSON: spoiling = spoiling ?? .truncatedJSON
        case .garbage: spoiling = spoiling ?? .garbage
        case .cutOff: deliveryAfter = deliveryAfter ?? .cutOff
        case .slowDrip(let pause): deliveryAfter = deliveryAfter ?? .drip(pause)
        case .missingCost: hidesCost = true
        case .fewerImages(let count): missingImages += count
        case .unsafe: isUnsafe = true
        case .copyrightFlagged: isCopyrightFlagged = true
        case .latency(let extra): extraLatency += extra
        case .connectRefused: break  // a matter of the listener
        }
    }

    /// With the faults that the prompt asks for.
    package func with(prompt: String?, for provider: ProviderKind) -> Misbehaviour {
        guard let prompt else { return self }
        var all = self
        for kind in PromptTriggers.faults(in: prompt, for: provider) { all.add(kind) }
        return all
    }

    /// Spoils and delays a finished answer as planned.
    package func applied(to reply: SandboxReply) -> SandboxReply {
        var reply = reply
        switch spoiling {
        case .truncatedJSON: reply.body = Array(reply.body.prefix(reply.body.count * 2 / 3))
        case .garbage:
            let model = reply.model
            reply = .html("It works!", status: 200)
            reply.model = model
        case nil: break
        }
        if let deliveryAfter { reply.delivery = deliveryAfter }
        return reply
    }
}

extension Misbehaviour.Refusal {
    /// The HTTP status that was asked for, whoever says it.
    var status: Int? {
        switch self {
        case .status(let status, _), .page(let status, _): status
        case .code, .content: nil
        }
    }
}
