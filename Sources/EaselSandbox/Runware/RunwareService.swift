import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// The simulated Runware: one URL that takes an array of tasks, and the images that it made.
final class RunwareService: SimulatedService {
    static let simulation = SimulatedProvider(kind: .runware, path: "/v1", idPaths: ["/image/"]) {
        RunwareService(context: $0)
    }

    let context: SandboxContext
    let tasks = RunwareTaskStore()
    /// Generated and uploaded images by `imageUUID`.
    let store = ImageStore()
    let inputs: InputImages

    init(context: SandboxContext) {
        self.context = context
        inputs = InputImages(client: context.client, uploads: store, fetches: context.configuration.fetchInputs)
    }

    /// What one array of tasks came to.
    struct Collected: Sendable {
        var items: [JSONValue] = []
        var errors: [RunwareError] = []
        /// Errors that a poll reports are news about a task and leave the status at 200.
        var polled: [JSONValue] = []
    }

    /// Answers a request; its path is below `/runware`.
    func answer(_ call: SandboxCall) async -> SandboxReply {
        if call.path.hasPrefix("/image/") { return download(call) }
        guard call.path == "/v1" || call.path == "/v1/" else { return .html("404 Not Found", status: 404) }
        guard call.method == "POST" else {
            var reply = failure(RunwareError(code: "invalidMethod", message: "Use POST.", httpStatus: 405))
            reply.fields["Allow"] = "POST"
            return reply
        }
        do throws(RunwareError) {
            var elements = try Self.elements(call)
            let account = try authenticate(call, &elements)
            return await answer(call, elements, account: account)
        } catch {
            return failure(error)
        }
    }

    func reset() {
        tasks.reset()
        store.removeAll()
    }

    // MARK: - The array

    /// The body as a list of task objects.
    private static func elements(_ call: SandboxCall) throws(RunwareError) -> [[String: JSONValue]] {
        let type = call.fields["Content-Type"]?.lowercased() ?? ""
        guard type.hasPrefix("application/json") else {
            throw RunwareError(code: "invalidContentType", message: "The content type must be application/json.")
        }
        guard let value = try? JSON.decode(JSONValue.self, from: call.body) else {
            throw RunwareError(code: "invalidJSON", message: "The body is not valid JSON.")
        }
        guard let items = value.arrayValue, !items.isEmpty else {
            throw RunwareError(
                code: "invalidRequest",
                message: "The body must be an array of task objects.",
                type: "array"
            )
        }
        var elements: [[String: JSONValue]] = []
        for item in items {
            guard let members = item.objectValue else {
                throw RunwareError(code: "invalidRequest", message: "Every task must be an object.", type: "object")
            }
            elements.append(members)
        }
        return elements
    }

    /// The account of the request: by bearer token or by an authentication task in front, not both.
    private func authenticate(
        _ call: SandboxCall,
        _ elements: inout [[String: JSONValue]]
    ) throws(RunwareError) -> String {
        var key: String?
        if let field = call.fields["Authorization"] {
            guard field.hasPrefix("Bearer ") else { throw .key(missing: false) }
            key = String(field.dropFirst("Bearer ".count))
        }
        if elements.first?["taskType"] == "authentication" {
            let task = elements.removeFirst()
            guard key == nil else {
                throw RunwareError(
                    code: "conflictAuthentication",
                    message: "Use either the header or an authentication task.",
                    parameters: ["apiKey"]
                )
            }
            key = task["apiKey"]?.stringValue
        }
        guard let key, !key.isEmpty else { throw .key(missing: true) }
        guard context.accepts(key: key) else { throw .key(missing: false) }
        return key
    }

    private func answer(
        _ call: SandboxCall,
        _ elements: [[String: JSONValue]],
        account: String
    ) async -> SandboxReply {
        let inferences = elements.filter { $0["taskType"] == "imageInference" }
        let polls = elements.contains { $0["taskType"] == "getResponse" || $0["taskType"] == "getTaskDetails" }
        var plan = Misbehaviour()
        if !inferences.isEmpty {
            plan = context.faults.next(.runware, .submit)
        } else if polls {
            plan = context.faults.next(.runware, .poll)
        }
        // Triggers in any prompt decide about the connection of the whole request.
        let whole = inferences.reduce(plan) { $0.with(prompt: $1["positivePrompt"]?.stringValue, for: .runware) }
        let model = inferences.first?["model"]?.stringValue
        if let delivery = whole.deliveryBefore {
            return SandboxReply(status: 200, body: [], delivery: delivery, model: model)
        }
        if var reply = refused(whole.refusal, inferences.first ?? elements.first) {
            reply.model = model
            return reply
        }
        if polls, inferences.isEmpty, case .code(let code) = plan.refusal { return failure(.forCode(code)) }

        var collected = Collected()
        var seen: Set<String> = []
        for members in elements {
            await collect(members, &seen, plan, call, account, into: &collected)
        }
        var body: [String: JSONValue] = ["data": .array(collected.items)]
        let errors = collected.errors.map(\.json) + collected.polled
        // Without errors the key is absent: the official client takes its presence for a failure
        // (docs/providers/runware.md, 2.1).
        if !errors.isEmpty { body["errors"] = .array(errors) }
        let failed = collected.items.isEmpty && collected.polled.isEmpty
        var reply = SandboxReply.json(.object(body), status: failed ? collected.errors.first?.httpStatus ?? 200 : 200)
        reply.model = model
        if plan.refusal == nil, whole.refusal == nil || !collected.items.isEmpty { reply = whole.applied(to: reply) }
        return reply
    }

    /// The answer to a request that is not looked at any further; nil where it is.
    private func refused(_ refusal: Misbehaviour.Refusal?, _ task: [String: JSONValue]?) -> SandboxReply? {
        switch refusal {
        case .status(let status, let retryAfter):
            // A status that its documents do not know is somebody's on the way.
            let isKnown = (400...429).contains(status) || [500, 503, 504].contains(status)
            guard isKnown else { return .page(status, retryAfter: retryAfter) }
            // The service says which task it could not deal with, also where the task is a question.
            var error = RunwareError.forStatus(status)
            if status != 401 {
                error = error.about(task?["taskUUID"]?.stringValue)
                error.taskType = task?["taskType"]?.stringValue
            }
            var reply = failure(error)
            if let retryAfter { reply.fields["Retry-After"] = "\(retryAfter)" }
            return reply
        case .page(let status, let retryAfter): return .page(status, retryAfter: retryAfter)
        case .code, .content, nil: return nil
        }
    }

    /// Deals with one element of the array.
    private func collect(
        _ members: [String: JSONValue],
        _ seen: inout Set<String>,
        _ plan: Misbehaviour,
        _ call: SandboxCall,
        _ account: String,
        into collected: inout Collected
    ) async {
        let taskUUID: String
        do throws(RunwareError) {
            taskUUID = try Self.taskUUID(members)
        } catch {
            return collected.errors.append(error)
        }
        // Polls ask about another task and may repeat.
        let kind = members["taskType"]?.stringValue
        if kind != "getResponse", kind != "getTaskDetails", !seen.insert(taskUUID.lowercased()).inserted {
            return collected.errors.append(Self.conflict(taskUUID))
        }
        switch kind {
        case "imageInference":
            await infer(members, taskUUID, plan, call, account, into: &collected)
        case "getResponse":
            guard let record = tasks.record(taskUUID, account: account), record.isAsynchronous else { return }
            let (items, errors) = record.poll(taskUUID, now: .now)
            collected.items += items
            collected.polled += errors
        case "getTaskDetails":
            guard let record = tasks.record(taskUUID, account: account) else {
                return collected.errors.append(RunwareError.forCode("taskFailedOrNotFound").about(taskUUID))
            }
            collected.items.append([
                "taskType": "getTaskDetails", "taskUUID": .string(taskUUID), "request": .array([record.request]),
                "response": record.archived,
            ])
        case "imageUpload": await upload(members, taskUUID, call, into: &collected)
        case "accountManagement": describeAccount(members, taskUUID, account, into: &collected)
        default:
            collected.errors.append(
                RunwareError(
                    code: kind == nil ? "missingTaskType" : "invalidTaskType",
                    message: "The task type is missing or not known to the sandbox.",
                    parameters: ["taskType"],
                    type: "string",
                    allowedValues: [
                        "imageInference", "getResponse", "getTaskDetails", "imageUpload", "accountManagement",
                    ]
                ).about(taskUUID)
            )
        }
    }

    /// The id of a task: a UUID of version 4, strictly.
    private static func taskUUID(_ members: [String: JSONValue]) throws(RunwareError) -> String {
        guard let value = members["taskUUID"], value != .null else {
            throw RunwareError(
                code: "missingTaskUUID",
                message: "The parameter 'taskUUID' is required.",
                parameters: ["taskUUID"],
                type: "string"
            )
        }
        guard let text = value.stringValue, let uuid = UUID(uuidString: text), uuid.uuid.6 >> 4 == 4,
            uuid.uuid.8 >> 6 == 2
        else {
            throw RunwareError(
                code: "invalidTaskUUID",
                message: "The parameter 'taskUUID' must be a UUID v4.",
                parameters: ["taskUUID"],
                type: "string",
                taskUUID: value.stringValue
            )
        }
        return text
    }

    static func conflict(_ taskUUID: String) -> RunwareError {
        RunwareError(
            code: "conflictTaskUUID",
            message: "The taskUUID was used before.",
            parameters: ["taskUUID"],
            type: "string",
            taskUUID: taskUUID
        )
    }

    private func failure(_ error: RunwareError) -> SandboxReply {
        // Without a valid key there is not even an empty list of data.
        error.httpStatus == 401
            ? .json(["errors": .array([error.json])], status: 401)
            : .json(["data": [], "errors": .array([error.json])], status: error.httpStatus)
    }

    // MARK: - Images by link

    private func download(_ call: SandboxCall) -> SandboxReply {
        let plan = context.faults.next(.runware, .download)
        if let delivery = plan.deliveryBefore { return SandboxReply(status: 200, body: [], delivery: delivery) }
        if let status = plan.refusal?.status { return .html("\(status)", status: status) }
        let name = call.path.dropFirst("/image/".count).split(separator: ".")
        guard call.method == "GET" || call.method == "HEAD", name.count == 2,
            let image = store.image(String(name[0]), now: call.receivedAt),
            image.format.fileExtension == name[1]
        else { return .html("404 Not Found", status: 404) }
        return plan.applied(to: .bytes(image.bytes, type: image.format.mediaType))
    }
}
