import EaselBase
import EaselImaging
import EaselTransport
import Foundation

/// Why an input image could not be had.
enum InputImageError: Error, Sendable, Equatable, Explained {
    /// Neither UUID nor URL nor data URI nor base64.
    case notUnderstood
    /// No uploaded or generated image has this id.
    case unknownID
    /// The URL could not be fetched; the text says why.
    case downloadFailed(String)
    /// The bytes are no usable image.
    case unreadable(String)

    var sentence: String {
        switch self {
        case .notUnderstood: "the image is neither a UUID nor a URL, a data URI or base64"
        case .unknownID: "no image has this id"
        case .downloadFailed(let reason): "the image could not be fetched: \(reason)"
        case .unreadable(let reason): reason
        }
    }
}

/// Finds the bytes behind an input image of Runware: an id, a URL, a data URI or plain base64.
final class InputImages: Sendable {
    private let client: HTTPClient
    private let uploads: ImageStore
    private let fetches: Bool

    init(client: HTTPClient, uploads: ImageStore, fetches: Bool) {
        self.client = client
        self.uploads = uploads
        self.fetches = fetches
    }

    func resolve(_ text: String) async throws(InputImageError) -> SourceImage {
        let bytes = try await bytes(text)
        do throws(ImageError) {
            return try SourceImage(bytes)
        } catch {
            throw .unreadable(error.sentence)
        }
    }

    private func bytes(_ text: String) async throws(InputImageError) -> [UInt8] {
        if text.count == 36, UUID(uuidString: text) != nil {
            guard let image = uploads.image(text.lowercased(), now: TimeSource.system.now) else { throw .unknownID }
            return image.bytes
        }
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return try await fetch(text) }
        var encoded = Substring(text)
        if text.hasPrefix("data:") {
            guard let comma = text.firstIndex(of: ","), text[..<comma].hasSuffix(";base64") else {
                throw .notUnderstood
            }
            encoded = text[text.index(after: comma)...]
        }
        guard !encoded.isEmpty, let data = Data(base64Encoded: String(encoded)) else { throw .notUnderstood }
        return [UInt8](data)
    }

    /// Only loopback: a sandbox must not become a way into the network around it.
    private func fetch(_ url: String) async throws(InputImageError) -> [UInt8] {
        guard fetches else {
            guard let placeholder = SourceImage.placeholder else { throw .notUnderstood }
            return placeholder.bytes
        }
        guard Self.isLoopbackURL(url) else {
            throw .downloadFailed("the sandbox fetches from loopback addresses only")
        }
        let request = HTTPRequest(
            url: url,
            timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(20)),
            maxResponseBytes: 32 << 20
        )
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await client.execute(request)
        } catch {
            throw .downloadFailed(error.sentence)
        }
        guard response.status == 200 else { throw .downloadFailed("status \(response.status)") }
        return response.body
    }

    static func isLoopbackURL(_ url: String) -> Bool {
        guard let host = URLComponents(string: url)?.host else { return false }
        return host == "localhost" || host == "::1" || host == "[::1]"
            || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }
}
