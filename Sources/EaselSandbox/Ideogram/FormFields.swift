import Foundation

/// Reads the fields of a form as a schema describes them; complaints are worded like those of the service.
struct FormFields: Sendable {
    let form: MultipartForm
    let maxImageBytes: Int

    /// A text that must be there.
    func requiredText(_ name: String) throws(IdeogramError) -> String {
        guard let part = form.all(name).first else { throw .schema("Missing formdata parameter '\(name)'") }
        guard part.fileName == nil, let text = part.text else {
            throw .schema("Wrong type, expected 'string' for formdata parameter '\(name)'")
        }
        guard !text.isEmpty else { throw .schema("'' is too short - '\(name)'") }
        return text
    }

    func choice(_ name: String, _ values: [String]) throws(IdeogramError) -> String? {
        guard let text = form.text(name) else { return nil }
        guard values.contains(text) else {
            let list = values.map { "'\($0)'" }.joined(separator: ", ")
            throw .schema("'\(text)' is not one of [\(list)] - '\(name)'")
        }
        return text
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(IdeogramError) -> Int? {
        guard let text = form.text(name) else { return nil }
        guard let number = Int(text), !text.hasPrefix("+") else {
            throw .schema("Wrong type, expected 'integer' for formdata parameter '\(name)'")
        }
        try Self.check(number, range, name)
        return number
    }

    static func check(_ number: Int, _ range: ClosedRange<Int>, _ name: String) throws(IdeogramError) {
        if number < range.lowerBound {
            throw .schema("\(number) is less than the minimum of \(range.lowerBound) - '\(name)'")
        }
        if number > range.upperBound {
            throw .schema("\(number) is greater than the maximum of \(range.upperBound) - '\(name)'")
        }
    }

    func flag(_ name: String) throws(IdeogramError) -> Bool? {
        switch form.text(name) {
        case nil, "null", "": return nil
        case "true", "True": return true
        case "false", "False": return false
        default: throw .schema("Wrong type, expected 'boolean' for formdata parameter '\(name)'")
        }
    }

    /// The one image of that name.
    func requiredImage(_ name: String) throws(IdeogramError) -> SourceImage {
        guard let image = try images(name, atMost: 1).first else {
            throw .schema("Missing formdata parameter '\(name)'")
        }
        return image
    }

    /// The images of a repeated file field.
    func images(_ name: String, atMost limit: Int) throws(IdeogramError) -> [SourceImage] {
        let parts = form.all(name)
        guard parts.count <= limit else { throw .schema("too many items, at most \(limit) allowed - '\(name)'") }
        var images: [SourceImage] = []
        for part in parts {
            guard part.fileName != nil else {
                throw .schema("Wrong type, expected 'file' for formdata parameter '\(name)'")
            }
            guard part.bytes.count <= maxImageBytes else {
                throw .rule("The image exceeds the maximum size of \(maxImageBytes / 1_000_000)MB.")
            }
            guard let image = try? SourceImage(part.bytes) else { throw .rule("Could not read a source image.") }
            images.append(image)
        }
        return images
    }
}
