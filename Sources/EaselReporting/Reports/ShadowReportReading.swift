import EaselBase
package import EaselCore

/// Reads a shadow report back from its JSON, so that a terminal far away can draw it.
package enum ShadowReportReading {
    /// - Throws: `DecodingError` when the text is not such a report.
    package static func report(from json: [UInt8]) throws -> ShadowReport {
        let document = try JSON.decode(Document.self, from: json)
        let query = ShadowQuery(from: document.from, to: document.to, policy: document.policy)
        return ShadowReport(query: query, rows: document.rows.map(\.row))
    }

    private struct Document: Decodable {
        let from: Timestamp
        let to: Timestamp
        let policy: String?
        let rows: [Row]
    }

    private struct Row: Decodable {
        let row: ShadowReport.Row

        private enum Keys: String, CodingKey {
            case policy, model, compared, pending, primary, shadow
            case primaryProvider = "primary_provider"
            case shadowProvider = "shadow_provider"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            row = ShadowReport.Row(
                policy: try container.decode(String.self, forKey: .policy),
                model: try container.decode(RemixModel.self, forKey: .model),
                primaryProvider: try container.decode(String.self, forKey: .primaryProvider),
                shadowProvider: try container.decode(String.self, forKey: .shadowProvider),
                compared: try container.decode(Int.self, forKey: .compared),
                pending: try container.decode(Int.self, forKey: .pending),
                primary: try container.decode(Side.self, forKey: .primary).side,
                shadow: try container.decode(Side.self, forKey: .shadow).side
            )
        }
    }

    private struct Side: Decodable {
        var side = ShadowSide()

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            func count(_ name: String) throws -> Int { try container.decode(Int.self, forKey: AnyKey(name)) }
            func money(_ name: String) throws -> Money? {
                try container.decodeIfPresent(Money.self, forKey: AnyKey(name))
            }
            side.succeeded = try count("succeeded")
            side.partial = try count("partial")
            side.refused = try count("refused")
            side.failed = try count("failed")
            side.unknown = try count("unknown")
            side.imagesAsked = try count("images_asked")
            side.images = try count("images")
            side.withheld = try count("withheld")
            side.cost = try money("cost_usd")
            side.estimated = try money("estimated_usd")
            side.unpriced = try count("unpriced")
            side.costPerImage = try money("cost_per_image_usd")
            side.nsfwImages = try count("nsfw_images")
            side.nsfwChecked = try count("nsfw_checked")
            side.copyrightChecked = try count("copyright_checked")
            side.copyrightFlagged = try count("copyright_flagged")
            side.copyrightUndetermined = try count("copyright_undetermined")
            let latency = try container.decode([String: Int?].self, forKey: AnyKey("latency_ms"))
            side.p50Ms = latency["p50"] ?? nil
            side.p90Ms = latency["p90"] ?? nil
            side.p99Ms = latency["p99"] ?? nil
        }
    }
}
