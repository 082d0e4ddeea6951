import EaselBase
package import EaselTransport

/// Downloads from URLs that others name: source images and result links. Only http and https, only to public addresses
/// (or ranges the operator allows), each redirect checked again, with limits on size and time (S3), and without any key
/// (S2).
package final class Fetcher: Sendable {
    static let maxRedirects = 3

    package enum Failure: Error, Sendable, Equatable, Explained {
        case badURL
        case addressNotAllowed
        case tooLarge(limit: Int)
        case timeout
        case tooManyRedirects
        case status(Int)
        /// Why no complete answer came.
        case unreachable(TransportError.Kind)

        /// For the caller who gave the URL.
        package var sentence: String {
            switch self {
            case .badURL: "must be an http or https URL with a host"
            case .addressNotAllowed: "points to an address that is not public, which is not fetched"
            case .tooLarge(let limit): "is larger than \(ByteSizeText.format(limit))"
            case .timeout: "could not be fetched in time"
            case .tooManyRedirects: "redirects more than \(Fetcher.maxRedirects) times"
            case .status(let status): "could not be fetched: its server answered \(status)"
            case .unreachable(let kind): "could not be fetched: \(kind.words)"
            }
        }
    }

    private let client: HTTPClient
    private let policy: AddressPolicy
    private let timeout: Duration

    package init(client: HTTPClient, policy: AddressPolicy, timeout: Duration) {
        self.client = client
        self.policy = policy
        self.timeout = timeout
    }

    /// The bytes behind a URL.
    ///
    /// `trustedOrigin` is `scheme://host:port` of a provider that the operator configured; links on it are followed
    /// wherever it is.
    package func fetch(
        _ url: String,
        maxBytes: Int,
        trustedOrigin: String? = nil,
        timeout limit: Duration? = nil
    ) async throws(Failure) -> [UInt8] {
        let start = SteadyInstant.now
        let whole = min(limit ?? timeout, timeout)
        guard var current = try? WebURL(url) else { throw .badURL }
        for _ in 0...Self.maxRedirects {
            let left = whole - SteadyInstant.now.since(start)
            guard left > .zero else { throw .timeout }
            let isTrusted = trustedOrigin != nil && current.origin == trustedOrigin
            var request = HTTPRequest(
                url: current.text,
                fields: HTTPFields([("Accept", "image/*")]),
                timeouts: HTTPTimeouts(connect: min(.seconds(5), left), total: left),
                maxResponseBytes: maxBytes,
                addressPolicy: isTrusted ? .any : policy
            )
            let response: HTTPResponse
            do {
                response = try await exchange(&request)
            } catch {
                throw Self.failure(error, maxBytes: maxBytes)
            }
            switch response.status {
            case 200: return response.body
            case 301, 302, 303, 307, 308:
                guard let location = response.fields["Location"] else { throw .status(response.status) }
                guard let next = try? current.resolving(location) else { throw .badURL }
                current = next
            default: throw .status(response.status)
            }
        }
        throw .tooManyRedirects
    }

    /// One exchange, and a second one if the server compresses an image in a way that only libcurl can unpack.
    private func exchange(_ request: inout HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let begun = SteadyInstant.now
        do throws(TransportError) {
            return try await client.execute(request)
        } catch {
            guard error.kind == .contentEncoding else { throw error }
            request.unpacking = .byLibrary
            request.timeouts.total -= SteadyInstant.now.since(begun)
            return try await client.execute(request)
        }
    }

    /// Whether a text is an http(s) URL with a host and without a user name.
    static func isFetchable(_ text: String) -> Bool { (try? WebURL(text)) != nil }

    /// `scheme://host:port`, in lower case, with an explicit port.
    package static func origin(of text: String) -> String? { (try? WebURL(text))?.origin }

    private static func failure(_ error: TransportError, maxBytes: Int) -> Failure {
        switch error.kind {
        case .badURL: .badURL
        case .addressNotAllowed: .addressNotAllowed
        case .responseTooLarge: .tooLarge(limit: maxBytes)
        case .connectTimeout, .firstByteTimeout, .totalTimeout: .timeout
        default: .unreachable(error.kind)
        }
    }
}
