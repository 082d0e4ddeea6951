import EaselBase
import EaselCore
import EaselImaging
import EaselSandbox
import EaselServer
import EaselTransport
import Foundation
import Testing

/// Deliveries that the provider makes by itself: webhooks and uploads.
struct RunwareDeliveryTests {
    @Test func `finished images are posted to the webhook and put to the upload address`() async throws {
        let received = Locked<[(method: String, body: [UInt8])]>([])
        let group = EventLoopGroup(name: "receiver", count: 1)
        let server = HTTPServer(group: group, configuration: HTTPServerConfiguration(), log: .silent) { request in
            let body = (try? await request.body.collect(limit: 1 << 20)) ?? []
            received.withLock { $0.append((request.method, body)) }
            return .empty(status: 200)
        }
        let port = try server.start()
        try await withSandbox { bench in
            let task = Samples.task(
                "ideogram:4@2",
                [
                    "numberResults": 2, "webhookURL": .string("http://127.0.0.1:\(port)/hook"),
                    "uploadEndpoint": .string("http://127.0.0.1:\(port)/put"), "outputFormat": "PNG",
                ]
            )
            let acknowledged = try await bench.runware(task)
            #expect(acknowledged.data.first?["imageURL"] == nil)
            for _ in 0..<3000 where received.withLock({ $0.count }) < 4 { try await Task.sleep(for: .milliseconds(20)) }
        }
        await server.drain(grace: .zero)
        await ThreadPoolExecutor.shared.run { group.shutdown() }
        let calls = received.withLock { $0 }
        let hooks = calls.filter { $0.method == "POST" }.compactMap { try? JSON.decode(JSONValue.self, from: $0.body) }
        #expect(hooks.count == 2)
        #expect(hooks.allSatisfy { $0["data"]?.arrayValue?.first?["imageURL"] != nil })
        let uploads = calls.filter { $0.method == "PUT" }
        #expect(uploads.count == 2)
        for upload in uploads { #expect(try ImageProbe.probe(upload.body).format == .png) }
    }
}
