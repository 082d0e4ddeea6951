package import EaselCore

/// What goes wrong.
package enum FaultKind: Sendable, Equatable {
    /// The provider's own error of this HTTP status, before anything is executed: with the body that its documents describe
    /// for it. A status that they do not know is a page, as in `page`.
    case status(Int, retryAfter: Int? = nil)
    /// Somebody on the way answers with a page of this status, a firewall or a proxy; nothing is executed.
    case page(Int, retryAfter: Int? = nil)
    /// Runware's error of this code, with the HTTP status that belongs to it. What Ideogram causes (`provider...`,
    /// `timeoutProvider`, `inferenceError`) shows up while polling when the task is asynchronous. On Ideogram: 500.
    case code(String)
    /// The content check says no: 422 on Ideogram, `invalidProviderContent` on Runware.
    case refuseContent
    /// The connection is reset and nothing is executed.
    case resetBeforeExecuting
    /// The work is done and charged, then the connection is reset.
    case resetAfterExecuting
    /// No answer, ever.
    case hang(afterExecuting: Bool)
    /// Executed; the JSON ends in the middle, in an otherwise complete answer.
    case truncatedJSON
    /// Executed; the answer is shorter than its `Content-Length`.
    case cutOff
    /// Executed; 200 with an HTML page.
    case garbage
    /// Executed and charged, but the reply does not say what it cost.
    case missingCost
    /// Executed; so many images are left out, and not charged.
    case fewerImages(Int)
    /// Every image is found unsafe: `NSFWContent` on Runware (when the check was asked for), withheld by Ideogram.
    case unsafe
    /// Every image is found to infringe, when the detection was asked for. Ideogram withholds it like an unsafe one;
    /// Runware, whose page names no field for it, says so in an undocumented key of the item.
    case copyrightFlagged
    /// The answer comes one byte at a time, with this pause between.
    case slowDrip(Duration)
    /// It takes so much longer.
    case latency(Duration)
    /// The provider's port is closed. Needs a port of its own for each provider.
    case connectRefused
}

/// When a rule strikes, counted over the requests that it applies to.
package enum FaultTiming: Sendable, Equatable {
    case always
    /// Each time with this chance, 0 to 1.
    case probability(Double)
    /// The first so many times.
    case first(Int)
    /// Every n-th time.
    case every(Int)
}

/// The kind of request that a rule applies to.
package enum FaultRoute: String, Sendable, CaseIterable {
    /// Remix requests: where money is spent.
    case submit
    /// Questions for a result: `getResponse`, `getTaskDetails`, `/v1/generations/{id}`.
    case poll
    /// Downloads of finished images.
    case download
}

/// One thing that goes wrong under a condition.
package struct FaultRule: Sendable, Equatable {
    /// Nil: all of them.
    package var provider: ProviderKind?
    /// The kind of request that it applies to.
    package var route: FaultRoute
    /// Which of these requests it strikes.
    package var timing: FaultTiming
    /// What goes wrong then.
    package var kind: FaultKind

    /// By default every remix request of every provider.
    package init(
        provider: ProviderKind? = nil,
        route: FaultRoute = .submit,
        timing: FaultTiming = .always,
        kind: FaultKind
    ) {
        self.provider = provider
        self.route = route
        self.timing = timing
        self.kind = kind
    }
}
