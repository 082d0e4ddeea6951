/// The provider interfaces that Easel speaks.
package enum ProviderKind: String, Sendable, Hashable, Codable, CaseIterable {
    case runware, ideogram
}
