import EaselBase
import Foundation

/// The `color_palette` of 3.0 and of the legacy route: a preset's name, or one to eight colours.
enum ColourPalette {
    private static let presets: Set<String> = [
        "EMBER", "FRESH", "JUNGLE", "MAGIC", "MELON", "MOSAIC", "PASTEL", "ULTRAMARINE",
    ]

    static func check(_ text: String) throws(IdeogramError) {
        guard let value = try? JSON.decode(JSONValue.self, from: Array(text.utf8)) else {
            throw .schema("'color_palette' is not valid JSON")
        }
        try check(value)
    }

    static func check(_ value: JSONValue) throws(IdeogramError) {
        if let name = value["name"], value["members"] == nil {
            guard let text = name.stringValue, presets.contains(text) else {
                throw .schema("the preset of the palette is not known - 'color_palette'")
            }
            return
        }
        guard value["name"] == nil, let members = value["members"]?.arrayValue, (1...8).contains(members.count) else {
            throw .schema("a palette has either a name or 1 to 8 members - 'color_palette'")
        }
        for member in members {
            guard let hex = member["color_hex"]?.stringValue, isColour(hex) else {
                throw .schema("a colour does not match '^#(?:[0-9a-fA-F]{3}){1,2}$' - 'color_palette'")
            }
            guard let weight = member["color_weight"], weight != .null else { continue }
            guard let number = weight.numberValue, number >= Decimal(5) / 100, number <= 1 else {
                throw .schema("a weight is not between 0.05 and 1.0 - 'color_palette'")
            }
        }
    }

    private static func isColour(_ text: String) -> Bool {
        text.hasPrefix("#") && (text.count == 4 || text.count == 7) && text.dropFirst().allSatisfy(\.isHexDigit)
    }
}
