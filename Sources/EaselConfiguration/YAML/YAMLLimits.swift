/// How large a configuration file may be (S4).
package struct YAMLLimits: Sendable, Hashable {
    /// Of the text in UTF-8.
    package var bytes = 256 * 1024
    /// How deeply lists and mappings nest, aliases resolved.
    package var depth = 32
    /// Scalars, lists, mappings and keys, aliases resolved: a few lines of aliases cannot grow without bound.
    package var nodes = 20_000

    package init() {}
}
