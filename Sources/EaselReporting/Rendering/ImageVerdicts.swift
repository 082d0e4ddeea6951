/// What the checks said about a call's images, in a few words: nobody should have to open each to learn that one is
/// flagged.
package struct ImageVerdicts: Sendable, Hashable {
    package private(set) var images = 0
    package private(set) var nsfw = 0
    package private(set) var copyright = 0
    package private(set) var withheld = 0

    package init() {}

    /// Counts one image. `nsfw`: nil where nobody checked. `copyright`: the verdict, as the interface spells it.
    package mutating func add(nsfw: Bool?, copyright: String?, withheld: Bool) {
        images += 1
        if nsfw == true { self.nsfw += 1 }
        if copyright == "flagged" { self.copyright += 1 }
        if withheld { self.withheld += 1 }
    }

    /// `flagged: 1 nsfw, 2 copyright, 1 withheld (of 3 images)`; nil where nothing is.
    package var text: String? {
        let parts = [(nsfw, "nsfw"), (copyright, "copyright"), (withheld, "withheld")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        guard !parts.isEmpty else { return nil }
        return "flagged: \(parts.joined(separator: ", ")) (of \(images) image\(images == 1 ? "" : "s"))"
    }
}
