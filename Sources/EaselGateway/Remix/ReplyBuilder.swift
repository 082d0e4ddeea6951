import EaselBase
import EaselCalls
import EaselCore
import EaselImaging
import Foundation

/// Makes answers: of calls that just ended, and of calls that are read back.
final class ReplyBuilder: Sendable {
    /// Images together above this size are encoded off the event loop.
    static let inlineLimit = 256 << 10

    let store: ArtifactStore?
    let time: TimeSource

    init(
        store: ArtifactStore?,
        time: TimeSource
    ) {
        self.store = store
        self.time = time
    }

    /// The reply, or the problem that tells why there is none.
    func answer(
        _ ending: CallEnding,
        linkBase: String
    ) async throws(Problem) -> RemixReply {
        if let failure = ending.failure { throw Problem(failure) }
        let context = ending.context
        let attempts = ending.ends.map(RemixReply.Attempt.init)
        let delivered = ending.legs.flatMap(\.images)
        let output = context.request.output
        let size = output.type == .url ? 0 : delivered.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
        let build: @Sendable () -> [RemixReply.Image] = { [records = ending.settlement.images] in
            zip(delivered, records).map { self.image($0, $1, output, linkBase: linkBase) }
        }
        let images = size > Self.inlineLimit ? await ThreadPoolExecutor.shared.run(build) : build()
        let settlement = ending.settlement
        return RemixReply(
            id: context.callID.text,
            status: settlement.status,
            model: context.request.model,
            provider: settlement.provider,
            images: images,
            charge: Cost.Recorded(settlement.charge),
            latencyMs: Int(settlement.latency.milliseconds),
            attempts: attempts,
            translation: ending.translation
        )
    }

    /// Whether all of these can be read again later: none where images are not kept, and not one whose copy could not be
    /// written.
    func keeps(_ images: [ImageRecord]) -> Bool {
        store != nil && images.allSatisfy { $0.withheld || $0.artifact != nil }
    }

    /// The answer as the caller gets it; nil when there is none to keep.
    func text(_ ending: CallEnding, linkBase: String) async -> String? {
        do throws(Problem) {
            let reply = try await answer(ending, linkBase: linkBase)
            return String(decoding: JSONText.bytes(of: reply), as: UTF8.self)
        } catch {
            return nil
        }
    }

    /// The answer of a settled call again, its images in the form that was asked for. Nil when there is none to show.
    func answerAgain(_ detail: CallDetail, linkBase: String) async -> RemixReply? {
        guard detail.images.contains(where: \.withheld) || detail.imagesDelivered > 0 else { return nil }
        var reply = reply(detail, linkBase: linkBase)
        reply.record = nil
        let output = detail.parameters?["output"]
        let type = output?["type"]?.stringValue.flatMap { OutputOptions.Kind(rawValue: $0) } ?? .url
        guard type != .url, let store else { return reply }
        let records = detail.images
        let images = reply.images
        reply.images = await ThreadPoolExecutor.shared.run {
            zip(records, images).map { record, image in
                guard let bytes = record.artifact.flatMap({ store.read($0) }) else { return image }
                var image = image
                image.url = nil
                let text = Data(bytes).base64EncodedString()
                switch type {
                case .base64: image.base64 = text
                default: image.dataURI = "data:\(record.format?.mediaType ?? "image/jpeg");base64," + text
                }
                return image
            }
        }
        return reply
    }

    /// A call as it stands in the ledger.
    func reply(_ detail: CallDetail, linkBase: String, hasParts: Bool = true) -> RemixReply {
        RemixReply(
            id: detail.callID.text,
            status: detail.status,
            model: detail.model,
            provider: detail.provider,
            images: detail.images.map { record in
                var image = Self.image(record)
                if let path = record.artifact {
                    image.url = link(path, linkBase: linkBase, madeAt: record.createdAt)
                }
                return image
            },
            charge: detail.charge,
            latencyMs: detail.latencyMs,
            attempts: detail.attempts.map(RemixReply.Attempt.init),
            translation: detail.translation,
            record: RemixReply.Record(
                receivedAt: detail.receivedAt,
                team: detail.team,
                keyID: detail.keyID.text,
                project: detail.project,
                tags: detail.tags,
                policy: detail.policy,
                errorCode: detail.errorCode,
                imagesRequested: detail.imagesRequested,
                imagesDelivered: detail.imagesDelivered,
                estimated: detail.estimated,
                failover: detail.failover,
                attemptCount: detail.attemptCount,
                prompt: detail.prompt,
                plan: detail.plan,
                shadow: detail.shadow
            ),
            hasParts: hasParts
        )
    }

    private func image(
        _ delivered: ImageDelivery.Delivered,
        _ record: ImageRecord,
        _ output: OutputOptions,
        linkBase: String
    ) -> RemixReply.Image {
        var image = Self.image(record)
        guard !delivered.isWithheld else { return image }
        switch (output.type, delivered.bytes) {
        case (.base64, let bytes?): image.base64 = Data(bytes).base64EncodedString()
        case (.dataURI, let bytes?):
            image.dataURI = "data:\(output.format.mediaType);base64," + Data(bytes).base64EncodedString()
        case (.url, _):
            if let path = delivered.artifact {
                image.url = link(path, linkBase: linkBase, madeAt: record.createdAt)
            } else if let own = delivered.fallbackLink {
                image.url = own
            } else if case .link(let own) = delivered.image.content, delivered.info?.format == output.format {
                image.url = own
            } else if let bytes = delivered.bytes {
                // Without a store there is nowhere for a link to point to: a data URI is a URL too.
                image.url = "data:\(output.format.mediaType);base64," + Data(bytes).base64EncodedString()
            }
        default: break
        }
        return image
    }

    /// Good for as long as the image is kept, counted from when it was made: the same link whenever it is given out.
    private func link(_ path: String, linkBase: String, madeAt: Timestamp) -> String? {
        store.map { linkBase + $0.signedPath(path, expiry: madeAt + $0.retention) }
    }

    private static func image(_ record: ImageRecord) -> RemixReply.Image {
        RemixReply.Image(
            width: record.size?.width,
            height: record.size?.height,
            format: record.format?.rawValue,
            seed: record.seed,
            nsfw: record.nsfw,
            copyright: record.copyright,
            withheld: record.withheld
        )
    }
}
