import EaselBase
import EaselCore
import EaselTransport
import Foundation

/// How a task is run: accepted, worked on, charged and answered.
extension RunwareService {
    /// What is needed to work on an accepted task.
    private struct Job: Sendable {
        let task: InferenceTask
        let source: SourceImage
        let misbehaviour: Misbehaviour
        let imageUUIDs: [String]
        let latency: Duration
        let account: String
        let origin: String
    }

    func infer(
        _ members: [String: JSONValue],
        _ taskUUID: String,
        _ plan: Misbehaviour,
        _ call: SandboxCall,
        _ account: String,
        into collected: inout Collected
    ) async {
        let task: InferenceTask
        do throws(RunwareFaults) {
            task = try InferenceTask(members, taskUUID: taskUUID)
        } catch {
            return collected.errors += error.errors
        }
        if tasks.isUsed(taskUUID) { return collected.errors.append(Self.conflict(taskUUID)) }
        let misbehaviour = plan.with(prompt: task.prompt, for: .runware)
        // A failure of the work itself is news for a poll; everything else is said at once.
        let failure = Self.failure(misbehaviour)
        if let failure, !(task.isAsynchronous && failure.happensWhileWorking) {
            return collected.errors.append(failure.about(taskUUID))
        }
        let source: SourceImage
        do throws(RunwareError) {
            source = try await images(of: task)
        } catch {
            return collected.errors.append(error.about(taskUUID, documentation: task.model.page))
        }
        if call.fields["X-Runware-Dry-Run"] == "1" {
            return collected.items.append([
                "taskType": "imageInference", "taskUUID": .string(taskUUID),
                "cost": .dollars(task.pricePerImage * task.count),
            ])
        }
        let count = max(0, task.count - misbehaviour.missingImages)
        let job = Job(
            task: task,
            source: source,
            misbehaviour: misbehaviour,
            imageUUIDs: (0..<count).map { _ in Chance.uuid() },
            latency: context.latency(misbehaviour),
            account: account,
            origin: context.origin(call)
        )
        let record = RunwareTaskStore.Record(
            account: account,
            request: Self.abridged(task.original),
            isAsynchronous: task.isAsynchronous,
            imageUUIDs: job.imageUUIDs,
            startedAt: .now,
            expected: job.latency
        )
        guard tasks.accept(record, as: taskUUID) else { return collected.errors.append(Self.conflict(taskUUID)) }
        let running = context.work { await self.run(job, failure: failure) }
        if task.isAsynchronous {
            return collected.items.append(["taskType": "imageInference", "taskUUID": .string(taskUUID)])
        }
        // A client that goes away does not stop the task: it is worked on and charged all the same.
        await running.value
        guard let finished = tasks.record(taskUUID, account: account) else { return }
        collected.items += finished.items
        collected.errors += finished.errors
    }

    /// A task for the archive, without the bytes of its images.
    private static func abridged(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text) where text.utf8.count > 65_536: .string(text.prefix(64) + "...")
        case .array(let items): .array(items.map(abridged))
        case .object(let members): .object(members.mapValues(abridged))
        default: value
        }
    }

    /// The planned failure of a task, if any.
    private static func failure(_ misbehaviour: Misbehaviour) -> RunwareError? {
        switch misbehaviour.refusal {
        case .code(let code): .forCode(code)
        case .content: .content
        case .status, .page, nil: nil
        }
    }

    /// The source image; all others are looked at too, because an unreadable one is refused.
    private func images(of task: InferenceTask) async throws(RunwareError) -> SourceImage {
        let name = task.model == .remix4 ? "seedImage" : "referenceImages"
        let source = try await image(task.sourceText, name, place: "inputs." + name)
        for other in task.otherImages {
            _ = try await image(other.text, other.parameter, place: "providerSettings.ideogram." + other.parameter)
        }
        return source
    }

    func image(_ text: String, _ name: String, place: String) async throws(RunwareError) -> SourceImage {
        do throws(InputImageError) {
            return try await inputs.resolve(text)
        } catch {
            let (code, message) =
                switch error {
                case .notUnderstood: ("invalid", "must be an image UUID, a URL, a data URI or base64")
                case .unknownID: ("invalid", "names an image that does not exist")
                case .downloadFailed(let reason): ("downloadFailed", "could not be fetched: \(reason)")
                case .unreadable(let reason): ("invalid", "is not usable. \(reason)")
                }
            throw RunwareError(
                code: code == "invalid" ? "invalid" + name.capitalizedFirst : code,
                message: "The image '\(place)' \(message).",
                parameters: [place],
                type: "string"
            )
        }
    }

    /// Works on a task. Its images appear one by one, and the last only after the task is charged.
    private func run(_ job: Job, failure: RunwareError?) async {
        let task = job.task
        let pause = job.latency / max(1, job.imageUUIDs.count)
        if failure != nil || job.imageUUIDs.isEmpty { try? await Task.sleep(for: job.latency) }
        if let failure { return tasks.finish(task.taskUUID, error: failure.about(task.taskUUID)) }
        for (index, uuid) in job.imageUUIDs.enumerated() {
            try? await Task.sleep(for: pause)
            do {
                let (item, file) = try await paint(job, uuid)
                if index == job.imageUUIDs.count - 1 { charge(job) }
                tasks.add(item, to: task.taskUUID)
                if task.webhookURL != nil || task.uploadEndpoint != nil {
                    _ = context.work { await self.notify(task, item, file) }
                }
            } catch {
                return tasks.finish(
                    task.taskUUID,
                    error: RunwareError(code: "processingFailed", message: sentence(for: error), httpStatus: 500)
                        .about(task.taskUUID)
                )
            }
        }
        tasks.finish(task.taskUUID)
    }

    private func charge(_ job: Job) {
        context.billing.charge(
            BillingEntry(
                provider: .runware,
                account: job.account,
                model: job.task.model.rawValue,
                taskID: job.task.taskUUID.lowercased(),
                images: job.imageUUIDs.count,
                cost: job.task.pricePerImage * job.imageUUIDs.count,
                at: context.time.now
            )
        )
    }

    /// One image and its entry in `data`.
    private func paint(_ job: Job, _ uuid: String) async throws -> (item: JSONValue, file: [UInt8]) {
        let task = job.task
        let seed = context.chance.imageSeed()
        let file = try await context.painter.paint(
            PaintOrder(
                source: job.source,
                size: task.size ?? Sizes.nearest(to: job.source.size, in: task.model.sizes),
                strength: task.strength,
                prompt: task.prompt,
                seed: seed,
                format: task.format,
                quality: task.quality
            )
        )
        let expiry = task.lifetime.map { context.time.now + $0 }
        store.keep(StoredImage(bytes: file, format: task.format, expiresAt: expiry), as: uuid)
        var item: [String: JSONValue] = [
            "taskType": "imageInference", "taskUUID": .string(task.taskUUID), "imageUUID": .string(uuid),
            "seed": .integer(seed),
        ]
        switch task.outputType {
        case "base64Data": item["imageBase64Data"] = .string(Data(file).base64EncodedString())
        case "dataURI":
            item["imageDataURI"] = .string("data:\(task.format.mediaType);base64,\(Data(file).base64EncodedString())")
        default:
            item["imageURL"] = .string("\(job.origin)/runware/image/\(uuid).\(task.format.fileExtension)")
        }
        if task.checksContent { item["NSFWContent"] = .bool(job.misbehaviour.isUnsafe) }
        if task.detectsCopyright, job.misbehaviour.isCopyrightFlagged { item["copyrightDetected"] = true }
        if task.includesCost, !job.misbehaviour.hidesCost { item["cost"] = .dollars(task.pricePerImage) }
        if task.model == .remix4 {
            item["structuredPrompt"] = [
                "high_level_description": .string(task.prompt),
                "compositional_deconstruction": ["background": "", "elements": []],
            ]
        }
        return (.object(item), file)
    }

    /// Webhook and upload of one finished image, to loopback addresses only; tried three times.
    private func notify(_ task: InferenceTask, _ item: JSONValue, _ file: [UInt8]) async {
        var requests: [HTTPRequest] = []
        if let url = task.webhookURL, let body = try? JSON.encode(["data": JSONValue.array([item])], sorted: true) {
            let fields = HTTPFields([("Content-Type", "application/json")])
            requests.append(HTTPRequest(method: "POST", url: url, fields: fields, body: body))
        }
        if let url = task.uploadEndpoint {
            let fields = HTTPFields([("Content-Type", task.format.mediaType)])
            requests.append(HTTPRequest(method: "PUT", url: url, fields: fields, body: file))
        }
        for request in requests where InputImages.isLoopbackURL(request.url) {
            for attempt in 0..<3 {
                if let response = try? await context.client.execute(request), response.status < 300 { break }
                try? await Task.sleep(for: .milliseconds(250 << attempt))
            }
        }
    }
}
