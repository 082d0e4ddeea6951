package import EaselCore

extension RemixDraft {
    /// Bytes that the draft holds in memory.
    package var weight: Int {
        let images =
            (image.map { [$0] } ?? []) + (styleReferenceImages ?? []) + (characterReferenceImages ?? [])
            + (characterReferenceMasks ?? [])
        return images.reduce(0) { sum, input in
            switch input {
            case .text(let text): sum + text.utf8.count
            case .bytes(let bytes): sum + bytes.count
            }
        } + (prompt?.utf8.count ?? 0) + (negativePrompt?.utf8.count ?? 0)
    }

    /// Whether an image would have to be fetched from somewhere.
    package var namesURLs: Bool {
        let all =
            (image.map { [$0] } ?? []) + (styleReferenceImages ?? []) + (characterReferenceImages ?? [])
            + (characterReferenceMasks ?? [])
        return all.contains { input in
            if case .text(let text) = input { ImageText.isLink(text) } else { false }
        }
    }
}

extension RemixRequest {
    /// Bytes that the request holds in memory until its call has ended.
    var weight: Int {
        ([image] + styleReferenceImages + characterReferenceImages + characterReferenceMasks)
            .reduce(0) { $0 + $1.bytes.count }
    }
}
