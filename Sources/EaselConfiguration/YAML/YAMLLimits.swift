/// How large a configuration file may be (S4).
struct YAMLLimits: Sendable, Hashable {
    /// Of the text in UTF-8.
    var bytes = 256 * 1024
    /// How deeply lists and mappings nest, aliases resolved.
    var depth = 32
    /// Scalars, lists, mappings and keys, aliases resolved: a few lines of aliases cannot grow without bound.
    var nodes = 20_000

    /// Of one key: paths in faults are made of them.
    var keyBytes = 256

    init() {}
}
