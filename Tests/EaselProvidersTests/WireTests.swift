import EaselBase
import EaselCore
@testable import EaselProviders
import EaselServer
import EaselTransport
import Foundation
import Testing

/// What reaches the provider's server, to the byte: method, path, fields and body of the one request of an exchange.
struct WireTests {
    private struct Received: Sendable {
        let line: String
        let fields: HTTPFields
        let body: [UInt8]
    }

    private static let key = "wire-key-1234567890"

    /// Lets a provider perform one task against a server that answers nothing but 503.
    private func received(
        _ kind: ProviderKind,
        _ request: RemixRequest,
        delivery: DeliveryMethod = .sync
    ) async throws -> [Received] {
        let group = EventLoopGroup(name: "wire", count: 1)
        let seen = Locked<[Received]>([])
        let server = HTTPServer(
            group: group,
            configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0),
            log: .silent
        ) { request in
            let body = (try? await request.body.collect(limit: 1 << 20)) ?? []
            let line = "\(request.method) \(request.target)"
            seen.withLock { $0.append(Received(line: line, fields: request.fields, body: body)) }
            return ServerResponse(status: 503)
        }
        let base = "http://127.0.0.1:\(try server.start())/base"
        let client = HTTPClient(group: group)
        let settings = ProviderSettings(
            name: "wire",
            kind: kind,
            baseURL: base,
            apiKey: Secret(Self.key),
            delivery: delivery,
            maxInFlight: 1
        )
        let provider: any Provider =
            kind == .runware
            ? RunwareProvider(settings: settings, client: client)
            : IdeogramProvider(settings: settings, client: client)
        let task = ProviderTask(
            attemptID: Requests.taskID,
            taskID: Requests.taskID,
            request: request,
            count: request.count,
            timeout: .seconds(60)
        )
        let exchange = await provider.perform(task)
        #expect(exchange.result?.failure?.kind == .foreign)
        await server.drain(grace: .zero)
        await ThreadPoolExecutor.shared.run { group.shutdown() }
        return seen.withLock { $0 }
    }

    @Test(arguments: RemixModel.allCases)
    func `Runware gets one post with the golden body and a bearer token`(model: RemixModel) async throws {
        let request = Requests.everything(model)
        let all = try await received(.runware, request)
        let sent = try #require(all.first)
        #expect(all.count == 1 && sent.line == "POST /base")
        #expect(sent.fields.values(of: "Authorization") == ["Bearer \(Self.key)"])
        #expect(sent.fields["Api-Key"] == nil && sent.fields["Accept"] == "application/json")
        #expect(sent.fields.values(of: "Content-Type") == ["application/json"])
        let golden = try RequestBodyTests.runware(request, delivery: .sync)
        #expect(String(decoding: sent.body, as: UTF8.self) == golden)
    }

    @Test(arguments: RemixModel.allCases, [DeliveryMethod.sync, .async])
    func `Ideogram gets one form with its boundary and the key in its own field`(
        model: RemixModel,
        delivery: DeliveryMethod
    ) async throws {
        // Without strength nothing is cropped, so that the stand-in for an image passes.
        var request = Requests.everything(model)
        request.strength = nil
        let all = try await received(.ideogram, request, delivery: delivery)
        let sent = try #require(all.first)
        // Only 4.0 has an asynchronous twin.
        let expected = IdeogramRequest(
            request,
            image: request.image,
            count: request.count,
            delivery: model == .ideogram4 ? delivery : .sync
        )
        #expect(all.count == 1 && sent.line == "POST /base\(expected.path)")
        #expect(sent.line.contains("/async/") == (model == .ideogram4 && delivery == .async))
        #expect(sent.fields.values(of: "Api-Key") == [Self.key] && sent.fields["Authorization"] == nil)
        let type = try #require(sent.fields["Content-Type"])
        let boundary = try #require(type.split(separator: "boundary=").last)
        #expect(type == "multipart/form-data; boundary=\(boundary)")
        #expect(sent.body == expected.body.encode(boundary: String(boundary)))
    }
}
