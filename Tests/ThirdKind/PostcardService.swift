package import EaselBase
import EaselCore
import EaselImaging
package import EaselSandbox
import EaselTransport
import Foundation

/// The simulated Postcard: two cents an image.
package final class PostcardService: SimulatedService {
    package static let simulation = SimulatedProvider(kind: .postcard) { PostcardService(context: $0) }
    package static let price = Money(nanodollars: 20_000_000)

    /// What its documents have a body for; every other status is somebody else's.
    private static let statuses: Set<Int> = [400, 401, 402, 403, 404, 422, 429, 500, 503]

    private struct Order: Sendable {
        let words: String
        let copies: Int
        let picture: [UInt8]
        let size: PixelSize
        let seed: Int
    }

    private let context: SandboxContext

    init(context: SandboxContext) {
        self.context = context
    }

    package func reset() {}

    package func answer(_ call: SandboxCall) async -> SandboxReply {
        guard call.method == "POST", call.path == "/remix" else { return .html("404 Not Found", status: 404) }
        var reply = await remix(call)
        reply.model = PostcardRequest.model
        return reply
    }

    private func remix(_ call: SandboxCall) async -> SandboxReply {
        guard let key = call.fields["X-Key"], context.accepts(key: key) else { return trouble("key", 401) }
        guard let order = read(call.body) else { return trouble("body", 400) }
        let plan = context.faults.next(.postcard, .submit).with(prompt: order.words, for: .postcard)
        if let delivery = plan.deliveryBefore { return SandboxReply(status: 200, body: [], delivery: delivery) }
        switch plan.refusal {
        case .status(let status, let pause):
            guard Self.statuses.contains(status) else { return .page(status, retryAfter: pause) }
            var reply = trouble("busy", status)
            if let pause { reply.fields["Retry-After"] = "\(pause)" }
            return reply
        case .page(let status, let pause): return .page(status, retryAfter: pause)
        case .content: return trouble("words", 422)
        case .code: return trouble("machine", 500)
        case nil: break
        }
        // A client that goes away does not stop the work, and it is charged.
        guard let body = await context.work({ await self.make(order, plan, account: key) }).value else {
            return trouble("picture", 400)
        }
        return plan.applied(to: .json(body))
    }

    /// Nil for everything but the documented body.
    private func read(_ bytes: [UInt8]) -> Order? {
        guard let body = (try? JSON.decode(JSONValue.self, from: bytes))?.objectValue,
            Set(body.keys).subtracting(["seed"]) == ["words", "copies", "picture", "width", "height"],
            let words = body["words"]?.stringValue, !words.isEmpty,
            let copies = body["copies"]?.intValue, (1...PostcardRequest.mostCopies).contains(copies),
            let width = body["width"]?.intValue, let height = body["height"]?.intValue,
            (64...4096).contains(width), (64...4096).contains(height),
            let picture = body["picture"]?.stringValue.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        let seed = body["seed"].map(\.intValue) ?? context.imageSeed()
        return seed.map {
            Order(
                words: words,
                copies: copies,
                picture: [UInt8](picture),
                size: PixelSize(width: width, height: height),
                seed: $0
            )
        }
    }

    /// Nil where the picture is none.
    private func make(_ order: Order, _ plan: Misbehaviour, account: String) async -> JSONValue? {
        try? await Task.sleep(for: context.latency(plan))
        var cards: [JSONValue] = []
        for index in 0..<max(0, order.copies - plan.missingImages) {
            let seed = (order.seed + index) & 0x7FFF_FFFF
            do throws(ImageError) {
                let file = try await context.paint(order.picture, size: order.size, prompt: order.words, seed: seed)
                let card: JSONValue = [
                    "picture": .string(Data(file).base64EncodedString()), "seed": .count(seed),
                    "safe": .bool(!plan.isUnsafe),
                ]
                cards.append(card)
            } catch {
                return nil
            }
        }
        let id = UUID().text
        context.billing.charge(
            BillingEntry(
                provider: .postcard,
                account: account,
                model: PostcardRequest.model,
                taskID: id,
                images: cards.count,
                cost: Self.price * cards.count,
                at: context.time.now
            )
        )
        return ["id": .string(id), "cards": .array(cards)]
    }

    private func trouble(_ word: String, _ status: Int) -> SandboxReply {
        .json(["trouble": .string(word)], status: status)
    }
}
