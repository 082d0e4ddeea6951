/// Environment variables in a scalar: `${NAME}`, `${NAME:-default}` (unset or empty), and `$$` for a dollar sign.
///
/// A `$` before anything else is itself, so `$5/day` needs no care.
enum Expansion {
    /// A text after expansion.
    struct Result {
        var text = ""
        /// Whether a variable was used: then the text is not repeated in messages, as it may be a secret (S2).
        var usesEnvironment = false
    }

    /// Why a text cannot be expanded, as a sentence.
    struct Failure: Error {
        let message: String
        /// The variable that is not set, where that is why.
        var variable: String?
    }

    static func expand(_ source: String, environment: [String: String]) throws(Failure) -> Result {
        var result = Result()
        var rest = Substring(source)
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            switch rest.first {
            case "$":
                result.text += "$"
                rest = rest.dropFirst()
            case "{":
                guard let end = rest.firstIndex(of: "}") else {
                    throw Failure(message: "has `${` without `}`; write `$$` for a dollar sign")
                }
                result.text += try value(of: rest[..<end].dropFirst(), in: environment)
                result.usesEnvironment = true
                rest = rest[end...].dropFirst()
            default: result.text += "$"
            }
        }
        result.text += rest
        return result
    }

    private static func value(
        of reference: Substring,
        in environment: [String: String]
    ) throws(Failure) -> String {
        let name = reference.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let tail = reference.dropFirst(name.count)
        guard let first = name.first, !first.isNumber, tail.isEmpty || tail.hasPrefix(":-") else {
            // Not repeated: it may be a part of a secret that was typed in (S2).
            throw Failure(message: "has a `${` that names no variable; write `${NAME}`, `${NAME:-default}` or `$$`")
        }
        let value = environment[String(name)]
        guard !tail.isEmpty else {
            if let value { return value }
            throw Failure(
                message: "needs the environment variable \(name), which is not set; "
                    + "set it or write `${\(name):-default}`",
                variable: String(name)
            )
        }
        if let value, !value.isEmpty { return value }
        return String(tail.dropFirst(2))
    }
}
