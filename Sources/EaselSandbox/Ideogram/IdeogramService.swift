import EaselBase
import EaselCore
import EaselImaging
import EaselTransport
import Foundation

/// The simulated Ideogram: the remix routes of three generations, polling, and links to results.
final class IdeogramService: SimulatedService {
    static let simulation = SimulatedProvider(kind: .ideogram, idPaths: [links, generationPath]) {
        IdeogramService(context: $0)
    }

    private enum Route: Sendable {
        case v4, v4Asynchronous, v3, legacy
    }

    private static let routes: [String: Route] = [
        "/v1/ideogram-v4/remix": .v4, "/v1/ideogram-v4/async/remix": .v4Asynchronous,
        "/v1/ideogram-v3/remix": .v3, "/remix": .legacy,
    ]
    private static let links = "/api/images/ephemeral/"
    private static let generationPath = "/v1/generations/"

    let context: SandboxContext
    private let images: EphemeralLinks
    private let generations = GenerationStore()
    private let inFlight: InFlight

    init(context: SandboxContext) {
        self.context = context
        images = EphemeralLinks(lifetime: context.configuration.ideogramLinkLifetime)
        inFlight = InFlight(limit: context.configuration.ideogramMaxInFlight)
    }

    func reset() {
        images.reset()
        generations.reset()
    }

    /// Answers a request; its path is below `/ideogram`.
    func answer(_ call: SandboxCall) async -> SandboxReply {
        if call.path.hasPrefix(Self.links) { return download(call) }
        let id = Chance.uuid()
        var reply: SandboxReply
        do throws(IdeogramError) {
            reply = try await route(call, requestID: id)
        } catch {
            reply = error.reply
        }
        reply.fields["x-request-id"] = id
        return reply
    }

    private func route(_ call: SandboxCall, requestID: String) async throws(IdeogramError) -> SandboxReply {
        if let route = Self.routes[call.path] {
            guard call.method == "POST" else { throw .wrongMethod }
            return try await remix(call, route, account: try account(call), requestID: requestID)
        }
        if call.path.hasPrefix(Self.generationPath) {
            guard call.method == "GET" else { throw .wrongMethod }
            return try poll(call, account: try account(call))
        }
        if call.path == IdeogramUsage.path {
            guard call.method == "GET" else { throw .wrongMethod }
            return try usage(call, account: try account(call))
        }
        throw .notFound("The requested URL was not found on the server.")
    }

    private func usage(_ call: SandboxCall, account: String) throws(IdeogramError) -> SandboxReply {
        let admins = context.configuration.ideogramAdminKeys ?? context.configuration.apiKeys
        guard admins.contains(account) else { throw .notFound("The requested URL was not found on the server.") }
        let entries = context.billing.entries.filter { $0.provider == .ideogram && $0.account == account }
        return .json(try IdeogramUsage(call, account: account, entries: entries, now: context.time.now).json)
    }

    /// Only the field `Api-Key` counts; a bearer token is the web application's.
    private func account(_ call: SandboxCall) throws(IdeogramError) -> String {
        guard let key = call.fields["Api-Key"], context.accepts(key: key) else { throw .wrongKey }
        return key
    }

    // MARK: - Remix

    private func remix(
        _ call: SandboxCall,
        _ route: Route,
        account: String,
        requestID: String
    ) async throws(IdeogramError) -> SandboxReply {
        let request = try read(call, route)
        let plan = context.faults.next(.ideogram, .submit).with(prompt: request.prompt, for: .ideogram)
        if let delivery = plan.deliveryBefore {
            return SandboxReply(status: 200, body: [], delivery: delivery, model: request.model)
        }
        if let refusal = plan.refusal {
            var reply =
                switch refusal {
                case .status(let status, let retryAfter): IdeogramError.status(status, retryAfter: retryAfter).reply
                case .page(let status, let retryAfter): SandboxReply.page(status, retryAfter: retryAfter)
                case .content: IdeogramError.unsafePrompt.reply
                case .code: IdeogramError.status(500, retryAfter: nil).reply
                }
            reply.model = request.model
            return reply
        }
        guard inFlight.enter(account) else { throw .tooManyInFlight(limit: context.configuration.ideogramMaxInFlight) }
        let taskID = route == .v4Asynchronous ? Chance.uuid() : requestID
        let created = Self.created(call.receivedAt, spaced: request.isV4)
        if route == .v4Asynchronous { generations.begin(taskID, account: account, created: created) }
        let origin = context.origin(call)
        let running = context.work {
            let result = await self.run(request, plan, account: account, taskID: taskID, origin: origin)
            self.inFlight.leave(account)
            if route == .v4Asynchronous { self.finish(taskID, created, result) }
            return result
        }
        if route == .v4Asynchronous {
            var reply = SandboxReply.json(["generation_id": .string(taskID)])
            reply.model = request.model
            return plan.applied(to: reply)
        }
        // A client that goes away does not stop the work, and it is charged.
        let items = try await running.value.get()
        var body: [String: JSONValue] = ["created": .string(created), "data": .array(items)]
        if request.isV4 { body["response_type"] = "url" }
        var reply = SandboxReply.json(.object(body))
        reply.model = request.model
        return plan.applied(to: reply)
    }

    private func read(_ call: SandboxCall, _ route: Route) throws(IdeogramError) -> IdeogramRemix {
        let form: MultipartForm
        do throws(MultipartForm.Fault) {
            form = try MultipartForm(contentType: call.fields["Content-Type"], body: call.body)
        } catch {
            switch error {
            case .otherContentType(let type): throw .wrongContentType(type)
            case .noBoundary: throw .schema("the content type has no boundary")
            case .malformed(let detail): throw .schema("the form cannot be read: \(detail)")
            }
        }
        let fields = FormFields(form: form, maxImageBytes: context.configuration.ideogramMaxImageBytes)
        switch route {
        case .v4: return try .v4(fields, context.configuration)
        case .v4Asynchronous:
            if let url = call.query.first(where: { $0.name == "webhook_url" })?.value { try Self.check(webhook: url) }
            return try .v4(fields, context.configuration)
        case .v3: return try .v3(fields)
        case .legacy: return try .legacy(fields)
        }
    }

    /// Webhooks go to public https addresses only, which a sandbox does not reach: a valid one is never called.
    private static func check(webhook url: String) throws(IdeogramError) {
        guard url.utf8.count <= 2048, let parts = URLComponents(string: url), parts.scheme == "https",
            parts.host?.isEmpty == false
        else { throw .rule("webhook_url must be an https URL.") }
        guard !InputImages.isLoopbackURL(url) else { throw .rule("webhook_url must be a public address.") }
    }

    /// Works on a request and charges it; the entries of `data`.
    private func run(
        _ request: IdeogramRemix,
        _ plan: Misbehaviour,
        account: String,
        taskID: String,
        origin: String
    ) async -> Result<[JSONValue], IdeogramError> {
        try? await Task.sleep(for: context.latency(plan))
        let isWithheld = plan.isUnsafe || (plan.isCopyrightFlagged && request.detectsCopyright)
        let first = request.seed ?? context.chance.imageSeed()
        var items: [JSONValue] = []
        for index in 0..<max(0, request.count - plan.missingImages) {
            let seed = (first + index) & 0x7FFF_FFFF
            var item: [String: JSONValue] = [
                "prompt": .string(request.prompt), "resolution": .string(request.size.description),
                "is_image_safe": .bool(!isWithheld), "seed": .integer(seed), "url": .null,
            ]
            if let style = request.styleType { item["style_type"] = .string(style) }
            if !isWithheld {
                do throws(ImageError) {
                    let file = try await context.painter.paint(
                        PaintOrder(
                            source: request.source,
                            size: request.size,
                            strength: Double(100 - request.imageWeight) / 100,
                            prompt: request.prompt,
                            seed: seed,
                            format: .png
                        )
                    )
                    item["url"] = .string("\(origin)/ideogram\(images.keep(file, now: context.time.now))")
                } catch {
                    return .failure(.rule("Could not read a source image."))
                }
            }
            items.append(.object(item))
        }
        let charged = isWithheld && !context.configuration.billsWithheldImages ? 0 : items.count
        context.billing.charge(
            BillingEntry(
                provider: .ideogram,
                account: account,
                model: request.model,
                taskID: taskID,
                images: charged,
                cost: request.pricePerImage * charged,
                at: context.time.now
            )
        )
        return .success(items)
    }

    private func finish(_ id: String, _ created: String, _ result: Result<[JSONValue], IdeogramError>) {
        var answer: [String: JSONValue] = ["generation_id": .string(id), "created": .string(created)]
        switch result {
        case .success(let items):
            answer["status"] = "completed"
            answer["response_type"] = "url"
            // Polls drop what is null.
            answer["data"] = .array(items.map { .object(($0.objectValue ?? [:]).filter { $0.value != .null }) })
        case .failure:
            answer["status"] = "failed"
            answer["failure_reason"] = "internal_error"
        }
        generations.complete(id, with: .object(answer))
    }

    // MARK: - Polls and downloads

    private func poll(_ call: SandboxCall, account: String) throws(IdeogramError) -> SandboxReply {
        let plan = context.faults.next(.ideogram, .poll)
        if let delivery = plan.deliveryBefore { return SandboxReply(status: 200, body: [], delivery: delivery) }
        if case .status(let status, let retryAfter) = plan.refusal { throw .status(status, retryAfter: retryAfter) }
        if case .page(let status, let retryAfter) = plan.refusal { return .page(status, retryAfter: retryAfter) }
        guard let answer = generations.poll(String(call.path.dropFirst(Self.generationPath.count)), account: account)
        else { throw .notFound("The generation does not exist.") }
        return plan.applied(to: .json(answer))
    }

    private func download(_ call: SandboxCall) -> SandboxReply {
        let plan = context.faults.next(.ideogram, .download)
        if let delivery = plan.deliveryBefore { return SandboxReply(status: 200, body: [], delivery: delivery) }
        if let status = plan.refusal?.status { return .html("\(status)", status: status) }
        let name = call.path.dropFirst(Self.links.count)
        guard call.method == "GET" || call.method == "HEAD",
            let file = images.file(name: name, query: call.query, now: call.receivedAt)
        else { return .html("403 Forbidden", status: 403) }
        return plan.applied(to: .bytes(file, type: "image/png"))
    }

    /// The page's sample of 4.0 has a space in the middle, those of the older routes a T.
    private static func created(_ moment: Timestamp, spaced: Bool) -> String {
        let text = moment.text(fractionDigits: 0)
        return spaced
            ? text.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: "+00:00") : text
    }
}
