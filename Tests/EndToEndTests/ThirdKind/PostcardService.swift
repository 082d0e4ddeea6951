import EaselBase
import EaselCore
import EaselSandbox
import EaselTransport
import Foundation
import TestKit

/// The simulated Postcard: every image comes back as it went.
final class PostcardService: SimulatedService {
    static let simulation = SimulatedProvider(kind: .postcard) { PostcardService(context: $0) }

    private let context: SandboxContext

    init(context: SandboxContext) {
        self.context = context
    }

    func answer(_ call: SandboxCall) async -> SandboxReply {
        guard call.method == "POST", call.path == "/remix" else { return .html("404 Not Found", status: 404) }
        guard let key = call.fields["X-Key"], context.accepts(key: key) else { return trouble("key", 401) }
        guard let body = (try? JSON.decode(JSONValue.self, from: call.body))?.objectValue,
            Set(body.keys) == ["words", "copies", "picture"], let copies = body["copies"]?.intValue,
            (1...4).contains(copies), let image = body["picture"], let words = body["words"]?.stringValue
        else { return trouble("body", 400) }
        let plan = context.faults.next(.postcard, .submit).with(prompt: words, for: .postcard)
        if case .status(let status, _) = plan.refusal { return trouble("busy", status) }
        let id = UUID().uuidString
        context.billing.charge(
            BillingEntry(
                provider: .postcard,
                account: key,
                model: "card-1",
                taskID: id,
                images: copies,
                cost: Money(nanodollars: 20_000_000) * copies,
                at: context.time.now
            )
        )
        var reply = SandboxReply.json([
            "id": .string(id), "cards": .array([JSONValue](repeating: image, count: copies)),
        ])
        reply.model = "card-1"
        return plan.applied(to: reply)
    }

    func reset() {}

    private func trouble(_ word: String, _ status: Int) -> SandboxReply {
        var reply = SandboxReply.json(["trouble": .string(word)], status: status)
        reply.model = "card-1"
        return reply
    }
}
