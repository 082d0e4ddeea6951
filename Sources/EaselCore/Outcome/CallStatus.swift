/// How a call stands, for the column `status`.
package enum CallStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case inProgress = "in_progress"
    case succeeded, partial, refused, failed

    /// How a call ends that asked for so many images and got so many. `isRefused`: a provider refused on content grounds,
    /// or kept an image back.
    package init(requested: Int, delivered: Int, isRefused: Bool) {
        if delivered > 0 {
            self = delivered >= requested ? .succeeded : .partial
        } else {
            self = isRefused ? .refused : .failed
        }
    }
}
