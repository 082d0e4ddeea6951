import EaselBase
import EaselCore
import Foundation

/// Tells whether two requests ask for the same: what an idempotency key is compared by. The order of fields, the spelling
/// of JSON and the boundary of a form do not matter; an image counts by its bytes or its URL, as it was given.
enum RemixFingerprint {
    static func of(_ draft: RemixDraft) -> [UInt8] {
        var text = JSONText()
        text.object { text in
            text.member("model", draft.model)
            text.member("prompt", draft.prompt)
            write("image", draft.image.map { [$0] }, to: &text)
            text.member("strength", draft.strength.map { "\($0)" })
            text.member("width", draft.width)
            text.member("height", draft.height)
            text.member("count", draft.count)
            text.member("rendering_speed", draft.renderingSpeed)
            text.member("copyright_detection", draft.copyrightDetection)
            text.member("safety_check", draft.safetyCheck)
            text.member("negative_prompt", draft.negativePrompt)
            text.member("magic_prompt", draft.magicPrompt)
            text.member("style_type", draft.styleType)
            text.member("style_preset", draft.stylePreset)
            text.member("style_code", draft.styleCode)
            write("style_reference_images", draft.styleReferenceImages, to: &text)
            write("character_reference_images", draft.characterReferenceImages, to: &text)
            write("character_reference_masks", draft.characterReferenceMasks, to: &text)
            text.member("seed", draft.seed)
            text.member("output_type", draft.outputType)
            text.member("output_format", draft.outputFormat)
            text.member("output_quality", draft.outputQuality)
            text.member("policy", draft.policy)
            if let inline = draft.inlinePolicy { text.member("inline_policy", inline) }
            text.member("project", draft.project)
            text.member("tags", draft.tags ?? [:])
            text.member("max_cost_usd", draft.maxCostUSD)
            text.member("deadline", draft.deadline)
            text.member("strict", draft.strict)
        }
        return Crypto.sha256(text.bytes)
    }

    private static func write(_ name: String, _ images: [ImageInput]?, to text: inout JSONText) {
        text.key(name)
        text.array(images ?? []) { text, image in
            let bytes: [UInt8] =
                switch image {
                case .text(let given): Array(given.utf8)
                case .bytes(let given): given
                }
            text.string(Hex.encode(Crypto.sha256(bytes)))
        }
    }
}
