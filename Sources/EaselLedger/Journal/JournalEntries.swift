import EaselBase
import EaselCore
import Foundation

// The values of Core as the journal spells them: times in microseconds and money in nanodollars, so that what comes
// back is exactly what went in. A field that is added later must be optional here, for a journal may be older than the
// program.

struct AttemptStartEntry: Codable {
    let attemptID: UUID
    let callID: UUID
    let teamID: Int64
    let ordinal: Int
    let provider: String
    let providerModel: String
    let taskID: UUID
    let providerTaskID: String?
    let startedAtUs: Int64
    let imagesAsked: Int
    let boundNusd: Int64?
    let pricePerImageNusd: Int64?
    let duplicateRisk: Bool
    let race: RaceSide?

    init(_ start: AttemptStart) {
        attemptID = start.attemptID
        callID = start.callID
        teamID = start.teamID
        ordinal = start.ordinal
        provider = start.provider
        providerModel = start.providerModel
        taskID = start.taskID
        providerTaskID = start.providerTaskID
        startedAtUs = start.startedAt.microseconds
        imagesAsked = start.imagesAsked
        boundNusd = start.bound?.nanodollars
        pricePerImageNusd = start.pricePerImage?.nanodollars
        duplicateRisk = start.duplicateRisk
        race = start.race
    }

    var value: AttemptStart {
        AttemptStart(
            attemptID: attemptID,
            callID: callID,
            teamID: teamID,
            ordinal: ordinal,
            provider: provider,
            providerModel: providerModel,
            taskID: taskID,
            providerTaskID: providerTaskID,
            startedAt: Timestamp(microseconds: startedAtUs),
            imagesAsked: imagesAsked,
            bound: boundNusd.map { Money(nanodollars: $0) },
            pricePerImage: pricePerImageNusd.map { Money(nanodollars: $0) },
            duplicateRisk: duplicateRisk,
            race: race
        )
    }
}

struct AttemptEndEntry: Codable {
    let start: AttemptStartEntry
    let outcome: AttemptOutcome
    let reason: String
    let errorCode: String?
    let httpStatus: Int?
    let sent: Bool
    let costNusd: Int64?
    let costBasis: CostBasis
    let dnsNs: Int64?
    let connectNs: Int64?
    let tlsNs: Int64?
    let firstByteNs: Int64?
    let totalNs: Int64?
    let endedAtUs: Int64
    let imagesReturned: Int
    let providerTaskID: String?
    let providerRequestID: String?
    let extra: [String: JSONValue]

    init(_ end: AttemptEnd) {
        start = AttemptStartEntry(end.start)
        outcome = end.outcome
        reason = end.reason
        errorCode = end.errorCode
        httpStatus = end.httpStatus
        sent = end.sent
        costNusd = end.cost?.nanodollars
        costBasis = end.costBasis
        dnsNs = end.timings.dns?.nanoseconds
        connectNs = end.timings.connect?.nanoseconds
        tlsNs = end.timings.tls?.nanoseconds
        firstByteNs = end.timings.firstByte?.nanoseconds
        totalNs = end.timings.total?.nanoseconds
        endedAtUs = end.endedAt.microseconds
        imagesReturned = end.imagesReturned
        providerTaskID = end.providerTaskID
        providerRequestID = end.providerRequestID
        extra = end.extra
    }

    /// Where older programs kept the side of a race: among the provider's own members.
    private static let olderRace = "easel_hedge"

    var value: AttemptEnd {
        let older = extra[Self.olderRace]?.stringValue.map { $0.hasPrefix("first") ? RaceSide.first : .second }
        return AttemptEnd(
            start: older.map { start.value.racing($0) } ?? start.value,
            outcome: outcome,
            reason: reason,
            errorCode: errorCode,
            httpStatus: httpStatus,
            sent: sent,
            charge: Cost(costNusd.map { Money(nanodollars: $0) }, costBasis),
            timings: PhaseTimings(
                dns: dnsNs.map { .nanoseconds($0) },
                connect: connectNs.map { .nanoseconds($0) },
                tls: tlsNs.map { .nanoseconds($0) },
                firstByte: firstByteNs.map { .nanoseconds($0) },
                total: totalNs.map { .nanoseconds($0) }
            ),
            endedAt: Timestamp(microseconds: endedAtUs),
            imagesReturned: imagesReturned,
            providerTaskID: providerTaskID,
            providerRequestID: providerRequestID,
            extra: extra.filter { $0.key != Self.olderRace }
        )
    }
}

struct ImageEntry: Codable {
    let imageID: UUID
    let callID: UUID
    let attemptID: UUID
    let teamID: Int64
    let ordinal: Int
    let createdAtUs: Int64
    let seed: Int?
    let nsfw: Bool?
    let copyright: CopyrightVerdict
    let withheld: Bool
    let size: PixelSize?
    let format: ImageFormat?
    let bytes: Int?
    let sha256: String?
    let providerImageID: String?
    let artifact: String?
    let costNusd: Int64?

    init(_ image: ImageRecord) {
        imageID = image.imageID
        callID = image.callID
        attemptID = image.attemptID
        teamID = image.teamID
        ordinal = image.ordinal
        createdAtUs = image.createdAt.microseconds
        seed = image.seed
        nsfw = image.nsfw
        copyright = image.copyright
        withheld = image.withheld
        size = image.size
        format = image.format
        bytes = image.bytes
        sha256 = image.sha256.map { Hex.encode($0) }
        providerImageID = image.providerImageID
        artifact = image.artifact
        costNusd = image.cost?.nanodollars
    }

    var value: ImageRecord {
        ImageRecord(
            imageID: imageID,
            callID: callID,
            attemptID: attemptID,
            teamID: teamID,
            ordinal: ordinal,
            createdAt: Timestamp(microseconds: createdAtUs),
            seed: seed,
            nsfw: nsfw,
            copyright: copyright,
            withheld: withheld,
            size: size,
            format: format,
            bytes: bytes,
            sha256: sha256.flatMap { Hex.decode($0) },
            providerImageID: providerImageID,
            artifact: artifact,
            cost: costNusd.map { Money(nanodollars: $0) }
        )
    }
}

struct SettlementEntry: Codable {
    let callID: UUID
    let teamID: Int64
    let receivedAtUs: Int64
    let settledAtUs: Int64
    let status: CallStatus
    let errorCode: String?
    let provider: String?
    let imagesDelivered: Int
    let costNusd: Int64?
    let estimatedNusd: Int64?
    let costBasis: CostBasis
    let latencyNs: Int64
    let failover: Bool
    let failoverCostNusd: Int64?
    let attempts: [AttemptEndEntry]
    let images: [ImageEntry]
    let translation: [TranslationEntry]?
    let clientGone: Bool
    let attemptCount: Int?
    let replacesImages: Bool?
    let recovered: Bool?
    let errorDetail: String?
    let answer: String?

    init(_ settlement: Settlement) {
        callID = settlement.callID
        teamID = settlement.teamID
        receivedAtUs = settlement.receivedAt.microseconds
        settledAtUs = settlement.settledAt.microseconds
        status = settlement.status
        errorCode = settlement.errorCode
        provider = settlement.provider
        imagesDelivered = settlement.imagesDelivered
        costNusd = settlement.cost?.nanodollars
        estimatedNusd = settlement.estimated?.nanodollars
        costBasis = settlement.costBasis
        latencyNs = settlement.latency.nanoseconds
        failover = settlement.failover
        failoverCostNusd = settlement.failoverCost?.nanodollars
        attempts = settlement.attempts.map(AttemptEndEntry.init)
        images = settlement.images.map(ImageEntry.init)
        translation = settlement.translation
        clientGone = settlement.clientGone
        attemptCount = settlement.attemptCount
        replacesImages = settlement.replacesImages
        recovered = settlement.recovered
        errorDetail = settlement.errorDetail
        answer = settlement.answer
    }

    var value: Settlement {
        Settlement(
            key: CallKey(teamID: teamID, receivedAt: Timestamp(microseconds: receivedAtUs), callID: callID),
            settledAt: Timestamp(microseconds: settledAtUs),
            status: status,
            errorCode: errorCode,
            provider: provider,
            imagesDelivered: imagesDelivered,
            charge: Cost(costNusd.map { Money(nanodollars: $0) }, costBasis),
            estimated: estimatedNusd.map { Money(nanodollars: $0) },
            latency: .nanoseconds(latencyNs),
            failover: failover,
            failoverCost: failoverCostNusd.map { Money(nanodollars: $0) },
            attempts: attempts.map(\.value),
            images: images.map(\.value),
            translation: translation,
            clientGone: clientGone,
            attemptCount: attemptCount,
            // Recovery may have been here meanwhile.
            replacesImages: true,
            recovered: recovered ?? false,
            errorDetail: errorDetail,
            answer: answer
        )
    }
}
