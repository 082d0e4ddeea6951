package import EaselBase

/// One value as an operator wrote it, read as what its setting wants. Every method answers nil after it has recorded why it
/// cannot, with the place.
package protocol SettingSource {
    /// Records a fault at the value.
    func fault(_ message: String)
    /// The items of a list.
    func list() -> [Self]?
    /// A text, never empty.
    func text() -> String?
    /// `true` or `false`.
    func boolean() -> Bool?
    func integer(in range: ClosedRange<Int>) -> Int?
    func duration(in range: ClosedRange<Duration>) -> Duration?
    /// Bytes.
    func byteSize(in range: ClosedRange<Int>) -> Int?
    /// Dollars, more than none.
    func money() -> Money?
    /// One of the given words. `later` are words that the outer contract promises for later.
    func choice(_ names: [String], later: [String]) -> String?
    /// What `parse` understands; `wanted` says what that is.
    func scalar<Value>(_ wanted: String, parse: (String) -> Value?) -> Value?
    /// One value, or a list of some.
    func oneOrMore<Value>(_ read: (Self) -> Value?) -> [Value]?
    /// An `http` or `https` address without a slash at its end.
    func webAddress() -> String?
    /// Ranges of IP addresses.
    func networks() -> [IPNetwork]?
    /// A secret; `problem` says what is wrong with one, in words that do not hold it.
    func secret(_ problem: (String) -> String?) -> Secret?
}

/// A mapping as an operator wrote it. It remembers which keys it was asked for: the others are unknown.
package protocol SectionSource {
    associatedtype Source: SettingSource

    /// The setting of that name; nil when it is not given, or given without a value (which is a fault).
    func take(_ key: String) -> Source?
    /// Whether the key stands there, with a value or without.
    func has(_ key: String) -> Bool
    /// Reads the mapping under `key`, when it is given, and names its unknown keys.
    func section(_ key: String, _ body: (Self) -> Void)
    /// Records a fault of one of its settings.
    func fault(_ key: String, _ message: String)
}
