/// One of the two simulated providers.
package enum SandboxProvider: String, Sendable, CaseIterable {
    case runware, ideogram
}
