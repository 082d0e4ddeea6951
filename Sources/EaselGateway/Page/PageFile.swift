import EaselBase
import EaselServer
import EaselTransport

/// A file of the built-in page, ready to be sent.
struct PageFile: Sendable {
    /// What stands at `/`; every other file is an asset.
    static let index = "index.html"

    let name: String
    let bytes: [UInt8]
    /// The same packed by gzip; nil where that saves nothing.
    let packed: [UInt8]?
    /// The first half of the SHA-256 of its bytes.
    let hash: String

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        let packed = Deflation.gzip(bytes)
        self.packed = packed.isEmpty || packed.count >= bytes.count ? nil : packed
        hash = Hex.encode(Array(Crypto.sha256(bytes).prefix(16)))
    }

    /// All of them by name, packed when the first is asked for.
    private static let all: [String: PageFile] = {
        let files = EmbeddedFiles.all().map { PageFile(name: $0.name, bytes: $0.bytes) }
        return Dictionary(files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }()

    /// The file of that name; nil when there is none. The first who asks waits until all are packed, off the loops.
    static func named(_ name: String) async -> PageFile? {
        await ThreadPoolExecutor.shared.run { all[name] }
    }

    private var type: String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/vnd.microsoft.icon"
        case "woff2": "font/woff2"
        default: "text/plain; charset=utf-8"
        }
    }

    /// Scripts, styles, pictures and connections are the page's own, and nobody else frames it. Pictures of remixes are
    /// shown from memory too.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
        base-uri 'none'; form-action 'self'; frame-ancestors 'none'
        """

    /// The whole file, or 304 where the client has it. Names stay the same from version to version, so that clients ask each
    /// time; what they have already is not sent again.
    func response(to request: ServerRequest) -> ServerResponse {
        let isPacked = packed != nil && Self.takesGzip(request.fields)
        let tag = "\"\(hash)\(isPacked ? "-gzip" : "")\""
        var fields = HTTPFields([
            ("ETag", tag), ("Cache-Control", "no-cache"),
            ("Vary", name == Self.index ? "Accept, Accept-Encoding" : "Accept-Encoding"),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Content-Security-Policy", Self.policy),
        ])
        if Self.knows(tag, request.fields) { return .empty(status: 304, fields: fields) }
        if isPacked { fields.add("Content-Encoding", "gzip") }
        return .bytes(isPacked ? packed ?? bytes : bytes, type: type, fields: fields)
    }

    /// Whether `If-None-Match` names the tag. The comparison is the weak one (RFC 9110, 13.1.2).
    static func knows(_ tag: String, _ fields: HTTPFields) -> Bool {
        fields.values(of: "If-None-Match").flatMap { $0.split(separator: ",") }.contains { part in
            let part = part.trimmingSpaces()
            return part == "*" || part == tag || part == "W/\(tag)"
        }
    }

    /// Whether `Accept-Encoding` has gzip with a weight above 0.
    static func takesGzip(_ fields: HTTPFields) -> Bool {
        fields.values(of: "Accept-Encoding").flatMap { $0.split(separator: ",") }.contains { part in
            let words = part.split(separator: ";").map { $0.trimmingSpaces().lowercased() }
            guard words.first == "gzip" || words.first == "x-gzip" else { return false }
            let weight = words.dropFirst().first { $0.hasPrefix("q=") }
            return weight.map { Double($0.dropFirst(2)) ?? 0 > 0 } ?? true
        }
    }
}
