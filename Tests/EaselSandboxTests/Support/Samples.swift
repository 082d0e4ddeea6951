import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// Images and tasks that tests begin with.
enum Samples {
    /// A smooth image with another colour in every corner.
    static func pixels(width: Int = 96, height: Int = 96) -> Pixels {
        var bytes: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width { bytes += [UInt8(column * 255 / width), UInt8(row * 255 / height), 90, 255] }
        }
        return Pixels(width: width, height: height, hasAlpha: false, bytes: bytes)
    }

    static func png(width: Int = 96, height: Int = 96) -> [UInt8] {
        (try? ImageCodec.encode(pixels(width: width, height: height), as: .png)) ?? []
    }

    static let base64 = Data(png()).base64EncodedString()

    static func uuid() -> String { UUID().text }

    /// A minimal valid task of each model.
    static func task(_ model: String, _ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "taskType": "imageInference", "taskUUID": .string(uuid()), "model": .string(model),
            "positivePrompt": "a red kite",
        ]
        switch model {
        case "ideogram:4@remix":
            members["inputs"] = ["seedImage": .string(base64)]
            (members["width"], members["height"]) = (2048, 2048)
        default:
            members["inputs"] = ["referenceImages": [.string(base64)]]
            (members["width"], members["height"]) = (1024, 1024)
        }
        for (name, value) in changes { members[name] = value }
        return .object(members)
    }

    /// A minimal valid form of each route.
    static func v4() -> Form { Form().file("image", png()).text("text_prompt", "a red kite") }
    static func v3() -> Form { Form().file("image", png()).text("prompt", "a red kite") }
    static func legacy(_ request: [String: JSONValue] = [:]) -> Form {
        let members = ["prompt": "a red kite", "model": "V_1"].merging(request) { $1 }
        return Form().file("image_file", png()).json("image_request", .object(members))
    }
}
