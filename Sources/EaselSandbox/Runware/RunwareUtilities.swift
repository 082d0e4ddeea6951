import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// The tasks that make no image: uploads and questions about the account.
extension RunwareService {
    /// No side of a stored copy is longer than this.
    private static let maxUploadedSide = 2048

    private static let openingBalance = Money(nanodollars: 1000 * Money.nanodollarsPerDollar)

    func upload(
        _ members: [String: JSONValue],
        _ taskUUID: String,
        _ call: SandboxCall,
        into collected: inout Collected
    ) async {
        let parameters = [
            Parameter("taskType", .text(1...64), required: true), Parameter("taskUUID", .text(1...64), required: true),
            Parameter("image", .image, required: true),
        ]
        let errors = ParameterRule.check(members, parameters)
        guard errors.isEmpty else { return collected.errors += errors.map { $0.about(taskUUID) } }
        do throws(RunwareError) {
            let source = try await image(members["image"]?.stringValue ?? "", "image", place: "image")
            let bytes = try await Self.bounded(source)
            let uuid = Chance.uuid()
            store.keep(StoredImage(bytes: bytes, format: source.info.format, expiresAt: nil), as: uuid)
            let url = "\(context.origin(call))/runware/image/\(uuid).\(source.info.format.fileExtension)"
            collected.items.append([
                "taskType": "imageUpload", "taskUUID": .string(taskUUID), "imageUUID": .string(uuid),
                "imageURL": .string(url),
            ])
        } catch {
            collected.errors.append(error.about(taskUUID))
        }
    }

    private static func bounded(_ source: SourceImage) async throws(RunwareError) -> [UInt8] {
        let longest = max(source.size.width, source.size.height)
        guard longest > maxUploadedSide else { return source.bytes }
        do throws(ImageError) {
            return try await ThreadPoolExecutor.shared.run { () throws(ImageError) -> [UInt8] in
                let pixels = try ImageCodec.decode(source.bytes)
                let size = PixelSize(
                    width: max(1, pixels.width * maxUploadedSide / longest),
                    height: max(1, pixels.height * maxUploadedSide / longest)
                )
                return try ImageCodec.encode(ImageEditing.resize(pixels, to: size), as: source.info.format)
            }
        } catch {
            throw RunwareError(code: "invalidImage", message: error.sentence, parameters: ["image"], type: "string")
        }
    }

    func describeAccount(
        _ members: [String: JSONValue],
        _ taskUUID: String,
        _ account: String,
        into collected: inout Collected
    ) {
        let entries = context.billing.entries.filter { $0.provider == .runware && $0.account == account }
        var item: [String: JSONValue] = [
            "taskType": "accountManagement", "taskUUID": .string(taskUUID),
            "operation": members["operation"] ?? .null,
        ]
        switch members["operation"]?.stringValue {
        case "getDetails": item.merge(details(entries)) { $1 }
        case "getUsageActivity":
            do throws(RunwareError) {
                item.merge(try usage(members, entries)) { $1 }
            } catch {
                return collected.errors.append(error.about(taskUUID))
            }
        default:
            return collected.errors.append(
                RunwareError(
                    code: "invalidOperation",
                    message: "The operation is missing or not known to the sandbox.",
                    parameters: ["operation"],
                    type: "string",
                    allowedValues: ["getDetails", "getUsageActivity"]
                ).about(taskUUID)
            )
        }
        collected.items.append(.object(item))
    }

    private func details(_ entries: [BillingEntry]) -> [String: JSONValue] {
        func usage(days: Int64?) -> JSONValue {
            let start = days.map { context.time.now - .seconds($0 * 86_400) }
            let part = entries.filter { entry in start.map { entry.at >= $0 } ?? true }
            return [
                "credits": .dollars(part.reduce(.zero) { $0 + $1.cost }),
                "requests": .integer(part.count),
            ]
        }
        let spent = entries.reduce(Money.zero) { $0 + $1.cost }
        return [
            "organizationName": "Sandbox", "organizationUUID": "aa2d7c1e-5b1c-4d9f-9a10-0c2f7f6b9e01",
            "AIRSource": "sandbox", "team": [], "apiKeys": [],
            "balance": ["amount": .dollars(Self.openingBalance - spent), "freeBalance": 0, "currency": "USD"],
            "usage": [
                "today": usage(days: 1), "last7Days": usage(days: 7), "last30Days": usage(days: 30),
                "total": usage(days: nil),
            ],
        ]
    }

    /// A list of texts; nil when it is not given.
    private func names(_ name: String, _ members: [String: JSONValue]) throws(RunwareError) -> [String]? {
        guard let value = members[name] else { return nil }
        guard let items = value.arrayValue, !items.isEmpty, items.allSatisfy({ $0.stringValue != nil }) else {
            throw RunwareError(
                code: "invalid" + name.capitalizedFirst,
                message: "'\(name)' must be a list of texts.",
                parameters: [name],
                type: "array"
            )
        }
        return items.compactMap(\.stringValue)
    }

    private func usage(
        _ members: [String: JSONValue],
        _ entries: [BillingEntry]
    ) throws(RunwareError) -> [String: JSONValue] {
        func day(_ name: String) throws(RunwareError) -> Timestamp {
            guard let moment = members[name]?.stringValue.flatMap({ Timestamp($0) }) else {
                throw RunwareError(
                    code: members[name] == nil ? "missing" + name.capitalizedFirst : "invalid" + name.capitalizedFirst,
                    message: "'\(name)' must be a date.",
                    parameters: [name],
                    type: "string"
                )
            }
            return moment
        }
        let start = try day("startDate")
        let end = try day("endDate") + .seconds(86_400)
        guard start < end, end.since(start) <= .seconds(31 * 86_400) else {
            throw RunwareError(
                code: "invalidEndDate",
                message: "The span must be one to thirty days.",
                parameters: ["startDate", "endDate"]
            )
        }
        let models = try names("models", members)
        let zone = members["timezone"]?.stringValue ?? "UTC"
        guard let local = LocalTime(zone) else {
            throw RunwareError(
                code: "invalidTimezone",
                message: "'timezone' must be an IANA name.",
                parameters: ["timezone"],
                type: "string"
            )
        }
        // Days are those of the zone; the span's ends come as dates.
        func first(of day: Timestamp) -> Timestamp {
            let (year, month, date) = CivilDate.fromDays(Int(day.secondsSince1970 / 86_400))
            return local.startOfDay(year: year, month: month, day: date) ?? day
        }
        let (from, to) = (first(of: start), first(of: end))
        let part = entries.filter { $0.at >= from && $0.at < to && (models?.contains($0.model) ?? true) }
        let groups = try names("groupBy", members) ?? ["date"]
        let known = ["date", "model", "apiKey"]
        guard groups.allSatisfy(known.contains) else {
            throw RunwareError(
                code: "invalidGroupBy",
                message: "'groupBy' takes date, model and apiKey.",
                parameters: ["groupBy"],
                type: "array",
                allowedValues: known.map { .string($0) }
            )
        }
        let images = part.reduce(0) { $0 + $1.images }
        let meta: JSONValue = [
            "totalRequests": .integer(part.count), "totalResults": .integer(images),
            "totalSpend": .dollars(part.reduce(.zero) { $0 + $1.cost }),
        ]
        var answer: [String: JSONValue] = [:]
        for (group, key) in [("date", "timeseries"), ("model", "model"), ("apiKey", "apiKey")]
        where groups.contains(group) {
            let rows = Dictionary(grouping: part) { entry in
                switch group {
                case "date": String(local.text(entry.at).prefix(10))
                case "model": entry.model
                default: "••••" + entry.account.suffix(4)
                }
            }
            let data = rows.keys.sorted().map { name -> JSONValue in
                let row = rows[name] ?? []
                var members: [String: JSONValue] = [
                    group: .string(name), "count": .integer(row.count),
                    "spend": .dollars(row.reduce(.zero) { $0 + $1.cost }),
                ]
                if group == "model", let model = RunwareModel(rawValue: name) {
                    members["modelName"] = .string(model.title)
                }
                return .object(members)
            }
            answer[key] = ["data": .array(data), "meta": meta]
        }
        return answer
    }
}
