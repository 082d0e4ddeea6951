package import EaselBase
package import Foundation

/// What the ledger says to an admission. Only `.admitted` lets anything be sent (M3).
package enum AdmissionVerdict: Sendable, Hashable {
    /// Call, reservation and first attempts are on disk.
    case admitted
    /// A hard budget does not take the plan's upper bound. Nothing was written.
    case refused(BudgetRefusal)
    /// Prices or budgets have changed since the plan was made: read the terms again and plan anew. Nothing was written.
    case stale
    /// The idempotency key stands for another call already. Nothing was written.
    case repeated(IdempotentCall)
}

/// What a call has to hold back in its budgets from a moment on.
package struct Hold: Sendable, Hashable {
    package let amount: Money
    package let images: Int

    package init(amount: Money, images: Int) {
        self.amount = amount
        self.images = images
    }
}

/// What the ledger says to further attempts of a call under way.
package enum StartVerdict: Sendable, Hashable {
    case started
    /// The call would have to hold more back, and a hard budget does not take it. The ends were written, the new
    /// attempts were not: they must not be sent.
    case refused(BudgetRefusal)
}

/// A caller's `Idempotency-Key` with what it stands for.
package struct IdempotencyKey: Sendable, Hashable {
    /// 1 to 255 printable ASCII characters.
    package let text: String
    /// SHA-256 over the request: the same key with another one is a conflict.
    package let fingerprint: [UInt8]

    /// How long a key is remembered.
    package static let lifetime = Duration.seconds(86_400)
    package static let longest = 255

    package init(text: String, fingerprint: [UInt8]) {
        self.text = text
        self.fingerprint = fingerprint
    }
}

/// The call that an idempotency key stands for.
package struct IdempotentCall: Sendable, Hashable {
    package let callID: UUID
    package let fingerprint: [UInt8]

    package init(callID: UUID, fingerprint: [UInt8]) {
        self.callID = callID
        self.fingerprint = fingerprint
    }
}
