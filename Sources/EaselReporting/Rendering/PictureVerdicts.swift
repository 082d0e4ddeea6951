/// What the checks said about a call's pictures, in a few words: nobody should have to open each to learn that one is
/// flagged.
package struct PictureVerdicts: Sendable, Hashable {
    package private(set) var pictures = 0
    package private(set) var nsfw = 0
    package private(set) var copyright = 0
    package private(set) var withheld = 0

    package init() {}

    /// Counts one picture. `nsfw`: nil where nobody checked. `copyright`: the verdict, as the interface spells it.
    package mutating func add(nsfw: Bool?, copyright: String?, withheld: Bool) {
        pictures += 1
        if nsfw == true { self.nsfw += 1 }
        if copyright == "flagged" { self.copyright += 1 }
        if withheld { self.withheld += 1 }
    }

    /// `flagged: 1 nsfw, 2 copyright, 1 withheld (of 3 pictures)`; nil where nothing is.
    package var text: String? {
        let parts = [(nsfw, "nsfw"), (copyright, "copyright"), (withheld, "withheld")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        guard !parts.isEmpty else { return nil }
        return "flagged: \(parts.joined(separator: ", ")) (of \(pictures) picture\(pictures == 1 ? "" : "s"))"
    }
}
