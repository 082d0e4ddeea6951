import EaselBase
import EaselGateway

/// Writes what follows from the table of routes: `openapi`, the document of `GET /openapi.json`, or `markdown`, the
/// reference in docs/http.md.
@main
enum Reference {
    static func main() throws {
        let text =
            switch CommandLine.arguments.dropFirst().first {
            case "openapi": RouteTable.openAPI(version: "0")
            default: Array(RouteTable.reference().utf8)
            }
        try Descriptor.write(text, to: Descriptor.output)
    }
}
