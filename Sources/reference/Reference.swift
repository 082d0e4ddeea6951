import EaselBase
import EaselConfiguration
import EaselCore
import EaselGateway
import EaselProviders

/// Writes what follows from tables in the code: `openapi`, the document of `GET /openapi.json`; `http`, the reference in
/// docs/http.md; `configuration`, the table in docs/configuration.md; `alerts`,
/// the kinds in docs/alerts.md; `metrics`, the table in docs/metrics.md.
@main
enum Reference {
    static func main() throws {
        let text =
            switch CommandLine.arguments.dropFirst().first {
            case "openapi": RouteTable.openAPI(version: "0")
            case "configuration": Array(settings.utf8)
            case "alerts": Array((AlertRule.Kind.reference.joined(separator: "\n") + "\n").utf8)
            case "metrics": Array(MetricTable.reference().utf8)
            default: Array(RouteTable.reference().utf8)
            }
        try Descriptor.write(text, to: Descriptor.output)
    }

    private static var settings: String {
        let rows = Configuration.reference(kinds: ProviderRegistry.standard.profiles)
            .map { row in
                let about = row.about.replacing("|", with: "\\|")
                let standard = row.standard.isEmpty || row.standard.contains(" ") ? row.standard : "`\(row.standard)`"
                return "| `\(row.path)`\(row.restarts ? " *" : "") | \(row.values) | \(standard) | \(about) |"
            }
        return (["| setting | takes | default | what it is for |", "|---|---|---|---|"] + rows).joined(separator: "\n")
            + "\n"
    }
}
