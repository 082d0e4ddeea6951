import EaselBase
import EaselServer
import EaselTransport

/// The built-in page and its files.
struct PageRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/",
            .open,
            "The built-in page",
            headers: [ifNoneMatch],
            gives: [
                .bytes("text/html", "The page.", headers: [tag]), .unchanged,
                .bytes(
                    "text/plain",
                    "The routes, for people, where `Accept` names `text/plain` or `application/json`."
                ),
            ],
            note: "All of the page's state stands in the query, which is the page's own business."
        ) { api, visit throws(Problem) in await api.page.index(visit) },
        ApiRoute(
            "GET",
            "/assets/{file}",
            .open,
            "A file of the page",
            headers: [ifNoneMatch],
            gives: [.bytes("*/*", "The file.", headers: [tag]), .unchanged]
        ) { api, visit throws(Problem) in try await api.page.asset(visit) },
    ]

    private static let tag = HeaderRule.always("ETag", .text, "Tells one version from another.")
    private static let ifNoneMatch = HeaderRule.sometimes("If-None-Match", .text, "The `ETag` of what one has.")

    let version: String

    private func index(_ visit: Visit<Nobody>) async -> ServerResponse {
        if Self.wantsText(visit.request.fields) { return welcome() }
        return await PageFile.named(PageFile.index)?.response(to: visit.request) ?? welcome()
    }

    private func asset(_ visit: Visit<Nobody>) async throws(Problem) -> ServerResponse {
        guard visit.name != PageFile.index, let file = await PageFile.named(visit.name) else {
            throw Problem(.notFound, "The page has no file of this name.")
        }
        return file.response(to: visit.request)
    }

    /// Whoever says what it takes, and means no page. `*/*` means one.
    static func wantsText(_ fields: HTTPFields) -> Bool {
        let types = fields.values(of: "Accept").flatMap { $0.split(separator: ",") }.map { part in
            part.split(separator: ";").first?.trimmingSpaces().lowercased() ?? ""
        }
        return !types.contains("text/html") && types.contains { $0 == "application/json" || $0 == "text/plain" }
    }

    /// Where to go from here, as the table has it.
    private func welcome() -> ServerResponse {
        let rows = RouteTable.rows.map { row in ("\(row.method) \(row.path)", row.summary) }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { place, summary in
            "\(place)\(String(repeating: " ", count: width - place.count))  \(summary)"
        }
        return .text(
            """
            Easel \(version): one door to the image-remix APIs.

            \(lines.joined(separator: "\n"))

            Send a key as `Authorization: Bearer KEY`.

            """
        )
    }
}
