import EaselBase

/// An HTTP client: one exchange at a time, without redirects, retries or cookies.
///
/// Connections are kept and shared for each event loop. A request is never sent twice: where libcurl would repeat one
/// on a connection that died, the exchange fails as `reset` and the caller decides (R4, R6).
package final class HTTPClient: Sendable {
    private let group: EventLoopGroup
    private let engines: [CurlEngine]

    /// A client for the loops of `group`; connects nowhere yet.
    package init(group: EventLoopGroup, configuration: HTTPClientConfiguration = .init()) {
        self.group = group
        engines = group.loops.map { CurlEngine(loop: $0, configuration: configuration) }
    }

    deinit {
        // Exchanges hold the client, so nothing is under way any more: only idle connections are closed.
        for engine in engines { engine.loop.submit { engine.close() } }
    }

    /// Performs one exchange and returns the whole response, whatever its status.
    ///
    /// May be called from any executor; runs on the caller's event loop, or on one of the group. When the calling task
    /// is cancelled the exchange is aborted at once and `cancelled` is thrown.
    package func execute(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        if let fault = request.fault { throw TransportError(kind: .badURL, sent: false, detail: fault) }
        if Task.isCancelled { throw TransportError(kind: .cancelled, sent: false, detail: "cancelled before it began") }
        var request = request
        let unpacks = request.unpacking == .here && request.method != "HEAD" && request.fields["Accept-Encoding"] == nil
        if unpacks { request.fields.add("Accept-Encoding", ContentCoding.understood) }
        let engine = engines[group.next().index]
        let transfer = CurlTransfer(request)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { engine.begin(transfer, $0) }
        } onCancel: {
            engine.loop.submit { engine.cancel(transfer) }
        }
        let response = try result.get()
        return unpacks ? try await Self.unpacked(response, maxBytes: request.maxResponseBytes) : response
    }

    /// Compressions that libcurl knows and we do not.
    private static let librarysOwn: Set<String> = ["br", "zstd"]

    /// The response with its body unpacked.
    private static func unpacked(_ packed: HTTPResponse, maxBytes: Int) async throws(TransportError) -> HTTPResponse {
        guard packed.fields["Content-Encoding"] != nil else { return packed }
        let names = ContentCoding.names(in: packed.fields)
        var response = packed
        response.fields.remove("Content-Encoding")
        response.fields.remove("Content-Length")
        func failure(_ kind: TransportError.Kind, _ detail: String) -> TransportError {
            TransportError(kind: kind, sent: true, timings: packed.timings, detail: detail)
        }
        if let name = names.first(where: { librarysOwn.contains($0) }) {
            throw failure(.contentEncoding, "the body is packed with \(name)")
        }
        guard names.contains(where: { ContentCoding.stranger(among: [$0]) == nil }), !packed.body.isEmpty else {
            return response
        }
        let body = packed.body
        do throws(ContentCoding.Fault) {
            response.body = try await ThreadPoolExecutor.shared.run { () throws(ContentCoding.Fault) in
                try ContentCoding.unpack(body, names, maxBytes: maxBytes)
            }
            return response
        } catch {
            switch error {
            case .tooLarge: throw failure(.responseTooLarge, "the body is larger than \(maxBytes) bytes")
            case .damaged, .unknown: throw failure(.malformedResponse, "the body is not what its Content-Encoding says")
            }
        }
    }
}

extension HTTPRequest {
    /// What makes the request impossible to send, or nil. Never repeats the URL or a value (S2).
    var fault: String? {
        guard HTTPSyntax.isToken(method) else { return "the method is not valid" }
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https", url.dropFirst(scheme.count).hasPrefix("://") else {
            return "the URL does not begin with http:// or https://"
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "the URL contains a character that must be percent-encoded"
        }
        for (name, value) in fields.pairs {
            guard HTTPSyntax.isToken(name) else { return "a field's name is not valid" }
            guard HTTPSyntax.isFieldValue(value) else { return "the value of the field \(name) is not valid" }
        }
        return nil
    }
}
