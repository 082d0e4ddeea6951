import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// Finds the row for a request: by path first, then by method, before anybody is asked for a key.
struct Router<Desk: Sendable>: Sendable {
    /// Rows of one path.
    private struct Place: Sendable {
        let path: RoutePath
        var routes: [Route<Desk>]

        /// For `Allow`; what answers GET answers HEAD.
        var methods: [String] {
            routes.map(\.row.method).flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }.sorted()
        }
    }

    enum Finding: Sendable {
        /// With what stands in the path where the template has braces.
        case route(Route<Desk>, [String])
        /// The path is there, for these methods.
        case otherMethods([String], RoutePath)
        case nothing
    }

    /// By number of segments; of one number the narrower templates first.
    private let places: [[Place]]

    init(_ routes: [Route<Desk>]) {
        var found: [RoutePath: Place] = [:]
        for route in routes {
            found[route.row.path, default: Place(path: route.row.path, routes: [])].routes.append(route)
        }
        let longest = found.keys.map(\.segments.count).max() ?? 0
        places = (0...longest).map { count in
            found.values.filter { $0.path.segments.count == count }
                .sorted { $0.path.description < $1.path.description }
                .sorted { $0.path.isNarrower(than: $1.path) }
        }
    }

    func find(_ method: String, _ path: String) -> Finding {
        let parts = path.split(separator: "/", maxSplits: places.count)
        guard parts.count < places.count else { return .nothing }
        for place in places[parts.count] {
            guard let names = place.path.match(parts) else { continue }
            let wanted = method == "HEAD" ? "GET" : method
            guard let route = place.routes.first(where: { $0.row.method == wanted }) else {
                return .otherMethods(place.methods, place.path)
            }
            return .route(route, names)
        }
        return .nothing
    }
}
