import EaselBase
import Foundation
import Testing

/// The queries of a dashboard's file, and what Grafana makes of them before the database sees them.
struct GrafanaDashboard: CustomTestStringConvertible, Sendable {
    struct Query: Sendable {
        let place: String
        let sql: String
    }

    let name: String
    let json: JSONValue

    var testDescription: String { name }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    static let all: [GrafanaDashboard] = {
        let folder = root + "/dashboards/grafana"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let bytes = [UInt8](FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data())
            return GrafanaDashboard(name: name, json: (try? JSON.decode(JSONValue.self, from: bytes)) ?? .null)
        }
    }()

    private func list(_ value: JSONValue?) -> [JSONValue] { value?.arrayValue ?? [] }

    /// Of panels, variables and annotations.
    var queries: [Query] {
        let panels = list(json["panels"]).flatMap { panel in
            list(panel["targets"]).map { target in
                Query(place: "panel \(panel["title"]?.stringValue ?? "?")", sql: target["rawSql"]?.stringValue ?? "")
            }
        }
        let variables = list(json["templating"]?["list"]).filter { $0["type"] == "query" }.map { variable in
            Query(place: "variable \(variable["name"]?.stringValue ?? "?")", sql: variable["query"]?.stringValue ?? "")
        }
        let annotations = list(json["annotations"]?["list"]).map { annotation in
            Query(
                place: "annotation \(annotation["name"]?.stringValue ?? "?")",
                sql: annotation["target"]?["rawSql"]?.stringValue ?? ""
            )
        }
        return panels + variables + annotations
    }

    /// Names of its variables, as queries use them.
    var variables: Set<String> { Set(list(json["templating"]?["list"]).compactMap { $0["name"]?.stringValue }) }

    /// Macros and variables put in; a list of several values is quoted as Grafana does it.
    static func expand(_ sql: String, from: String, to: String, values: [String: String]) -> String {
        var text = sql.replacing(#/\$__timeFilter\((\w+)\)/#) { "\($0.1) BETWEEN '\(from)' AND '\(to)'" }
        text = text.replacing("$__timeFrom()", with: "'\(from)'").replacing("$__timeTo()", with: "'\(to)'")
        for (name, value) in values {
            text = text.replacing("${\(name)}", with: value).replacing("$\(name)", with: value)
        }
        return text
    }

    static func quoted(_ names: [String]) -> String {
        names.map { "'" + $0.replacing("'", with: "''") + "'" }.joined(separator: ",")
    }
}
