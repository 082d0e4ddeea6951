import EaselBase
import Foundation

/// What a parameter may hold.
indirect enum ParameterRule: Sendable {
    /// Text of so many characters.
    case text(ClosedRange<Int>)
    case choice([String])
    case integer(ClosedRange<Int>)
    /// A number from 0 to 1 in hundredths.
    case hundredths
    case flag
    /// An absolute http or https URL.
    case url
    /// An image by id, URL, data URI or base64: any text at this stage.
    case image
    /// A list of so many images.
    case images(ClosedRange<Int>)
    /// Eight hexadecimal digits.
    case styleCode
    case object([Parameter])
    /// An object that no page describes.
    case anyObject
}

/// A parameter of a task.
struct Parameter: Sendable {
    let name: String
    var required = false
    let rule: ParameterRule

    init(_ name: String, _ rule: ParameterRule, required: Bool = false) {
        self.name = name
        self.rule = rule
        self.required = required
    }
}

extension ParameterRule {
    /// All that is wrong with the members of an object.
    static func check(_ members: [String: JSONValue], _ parameters: [Parameter], path: String = "") -> [RunwareError] {
        var errors: [RunwareError] = []
        for parameter in parameters {
            let place = path + parameter.name
            if let value = members[parameter.name], value != .null {
                errors += parameter.rule.check(value, name: parameter.name, place: place)
            } else if parameter.required {
                errors.append(
                    RunwareError(
                        code: "missing" + parameter.name.capitalizedFirst,
                        message: "The parameter '\(place)' is required.",
                        parameters: [place],
                        type: parameter.rule.typeName
                    )
                )
            }
        }
        let known = Set(parameters.map(\.name))
        for name in members.keys.sorted() where !known.contains(name) {
            if path == "providerSettings." {
                errors.append(.wrongProvider(name))
                continue
            }
            let isElsewhere = RunwareModel.knownElsewhere.contains(name)
            errors.append(
                RunwareError(
                    code: isElsewhere ? "unsupportedParameter" : "unknownParameter",
                    message: isElsewhere
                        ? "The parameter '\(path + name)' is not supported by this model."
                        : "There is no parameter '\(path + name)'.",
                    parameters: [path + name]
                )
            )
        }
        return errors
    }

    private var typeName: String {
        switch self {
        case .text, .choice, .url, .image, .styleCode: "string"
        case .integer: "integer"
        case .hundredths: "float"
        case .flag: "boolean"
        case .images: "array"
        case .object, .anyObject: "object"
        }
    }

    private func check(_ value: JSONValue, name: String, place: String) -> [RunwareError] {
        var error = RunwareError(
            code: "invalid" + name.capitalizedFirst,
            message:
                "The parameter '\(place)' must be \(value.kindName == typeName ? "valid" : "of type \(typeName)").",
            parameters: [place],
            type: typeName
        )
        let isRight: Bool
        switch self {
        case .text(let range):
            (error.min, error.max) = (Decimal(range.lowerBound), Decimal(range.upperBound))
            isRight = value.stringValue.map { range.contains($0.count) } ?? false
            if value.stringValue != nil {
                error.message = "'\(place)' must have \(range.lowerBound) to \(range.upperBound) characters."
            }
        case .choice(let values):
            error.allowedValues = values.map { .string($0) }
            isRight = value.stringValue.map { values.contains($0) } ?? false
            if value.stringValue != nil { error.message = "'\(place)' must be one of the allowed values." }
        case .integer(let range):
            error.min = Decimal(range.lowerBound)
            if range.upperBound != Int.max { error.max = Decimal(range.upperBound) }
            isRight = value.intValue.map { range.contains($0) } ?? false
            if value.intValue != nil { error.message = "'\(place)' is out of range." }
        case .hundredths:
            (error.min, error.max, error.multiplier) = (0, 1, Decimal(sign: .plus, exponent: -2, significand: 1))
            isRight = value.numberValue.map { $0 >= 0 && $0 <= 1 && Self.isWhole($0 * 100) } ?? false
            if value.numberValue != nil { error.message = "'\(place)' must be from 0 to 1 in steps of 0.01." }
        case .flag: isRight = value.boolValue != nil
        case .url: isRight = value.stringValue.map { Self.isWebURL($0) } ?? false
        case .image: isRight = value.stringValue.map { !$0.isEmpty } ?? false
        case .images(let range):
            (error.min, error.max) = (Decimal(range.lowerBound), Decimal(range.upperBound))
            isRight =
                value.arrayValue.map { items in
                    range.contains(items.count) && items.allSatisfy { $0.stringValue?.isEmpty == false }
                } ?? false
        case .styleCode: isRight = value.stringValue.map { $0.count == 8 && $0.allSatisfy(\.isHexDigit) } ?? false
        case .object(let parameters):
            guard let members = value.objectValue else { return [error] }
            return Self.check(members, parameters, path: place + ".")
        case .anyObject: isRight = value.objectValue != nil
        }
        return isRight ? [] : [error]
    }

    private static func isWhole(_ number: Decimal) -> Bool {
        var number = number
        var rounded = Decimal()
        NSDecimalRound(&rounded, &number, 0, .plain)
        return rounded == number
    }

    static func isWebURL(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else { return false }
        return parts.scheme == "http" || parts.scheme == "https"
    }
}

extension String {
    /// `seedImage` as `SeedImage`, as the error codes spell it.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
