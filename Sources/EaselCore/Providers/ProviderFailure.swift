/// Why an attempt produced no image, in terms that decide what happens next.
package struct ProviderFailure: Error, Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Nothing left this machine: DNS, connect, TLS, no capacity (R3).
        case notSent = "not_sent"
        /// The provider is too busy: 429, rate limits, queues.
        case rateLimited = "rate_limited"
        /// The provider or its upstream is in trouble: 5xx with its own error.
        case unavailable
        /// Prompt or image was refused on content grounds (R2).
        case refused
        /// The provider did not accept a parameter.
        case invalidRequest = "invalid_request"
        /// The key is bad, or the account may not do this.
        case unauthorized
        /// The account at the provider is out of credit.
        case creditExhausted = "credit_exhausted"
        /// The provider does not have the model, now or at all.
        case modelUnavailable = "model_unavailable"
        /// Sent, but no answer in time.
        case timeout
        /// Sent, but the connection ended before the answer was complete.
        case connectionLost = "connection_lost"
        /// An answer that cannot be understood.
        case garbled
        /// A status without the provider's own body for it: it came from something in between, a firewall, a proxy or a
        /// load balancer, and the request may have been carried out anyway.
        case foreign = "foreign_answer"
        /// The provider already knows this task id.
        case conflict
        /// The provider said that the task failed, for a reason that is none of the above.
        case failed
        /// A success without a single image.
        case empty
        /// The provider delivered, but the image could not be downloaded or read.
        case resultLost = "result_lost"
    }

    /// What the failure means for money (M4).
    package enum Billing: String, Sendable, Hashable, Codable {
        case notCharged = "not_charged"
        case unknown
    }

    package let kind: Kind
    /// The provider's own code, or one of ours; a short token for logs and tables.
    package let code: String
    /// A sentence that may be shown to callers: never a key, a prompt or a body.
    package let message: String
    package let httpStatus: Int?
    package let billing: Billing
    /// How long the provider asks us to wait.
    package let retryAfter: Duration?

    package init(
        _ kind: Kind,
        code: String,
        message: String,
        httpStatus: Int? = nil,
        billing: Billing? = nil,
        retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.httpStatus = httpStatus
        self.billing = billing ?? kind.usualBilling
        self.retryAfter = retryAfter
    }
}

extension ProviderFailure.Kind {
    /// Answers with an error count as not billed: Runware says so about requests that fail validation, Ideogram bills
    /// images that it returns (docs/providers/runware.md, 6.1; docs/providers/ideogram.md, 6.1). If the answer is
    /// missing it is not known.
    package var usualBilling: ProviderFailure.Billing {
        switch self {
        case .timeout, .connectionLost, .garbled, .foreign, .conflict, .empty, .resultLost: .unknown
        default: .notCharged
        }
    }

    /// Whether the same request may succeed later at the same provider.
    package var isTransient: Bool {
        switch self {
        case .notSent, .rateLimited, .unavailable, .failed: true
        default: false
        }
    }
}

extension ProviderFailure {
    /// Whether the request was sent and its outcome is not known, so that the provider is asked about it first (R4). A
    /// result that was lost on its way to us is already known at the provider.
    package var wantsRecovery: Bool { billing == .unknown && kind != .resultLost }
}
