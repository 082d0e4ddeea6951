package import EaselBase
package import EaselCore
package import Foundation

/// One call with its attempts. Who may overwrite what stands here, as it does in the statements of EaselLedger.
package struct MemoryEntry: Sendable {
    package let admission: Admission
    package private(set) var starts: [AttemptStart]
    package var ends: [UUID: AttemptEnd] = [:]
    /// The provider's own ids, by attempt; the first that was noted stays.
    package private(set) var notes: [UUID: String] = [:]
    package private(set) var settlement: Settlement?
    package private(set) var resolution: LateResolution?
    package private(set) var images: [ImageRecord] = []
    package private(set) var figures: MemoryFigures?
    /// What the call holds back; nil where its bound is not known, or nothing is held any more.
    package private(set) var held: Money?
    package private(set) var heldImages: Int
    private var settledAt: Timestamp?
    private var isRecovered = false
    private var latency: Duration?

    init(_ admission: Admission) {
        self.admission = admission
        starts = admission.attempts
        held = admission.bound
        heldImages = admission.imagesRequested
        note(starts)
    }

    package var posted: Money { figures?.cost ?? .zero }
    package var postedImages: Int { settlement?.imagesDelivered ?? 0 }
    /// How long its first caller waited.
    package var latencyMs: Int? { latency.map { Int($0.milliseconds) } }
    package var status: CallStatus { settlement?.status ?? .inProgress }

    /// Whether nothing of it is open any more. An attempt that broke off holds nothing back, and is asked about only as long as
    /// it began after `since`.
    func isOver(askedSince since: Timestamp) -> Bool {
        settlement != nil && held == nil && heldImages == 0
            && !starts.contains { isOpen($0) && (!brokeOff($0) || $0.startedAt >= since) }
    }

    package func outcome(of start: AttemptStart) -> AttemptOutcome {
        // One that comes to light when its call is over has an end that nobody knows.
        ends[start.attemptID]?.outcome ?? (settlement == nil ? .pending : .unknown)
    }

    func counts(against budget: Budget) -> Bool {
        budget.applies(teamID: admission.teamID, project: admission.project, keyID: admission.keyID)
    }

    /// Whether something of the attempt is still to find out.
    func isOpen(_ start: AttemptStart) -> Bool {
        guard outcome(of: start) == .unknown else { return brokeOff(start) }
        let end = ends[start.attemptID]
        return end?.cost == nil && end?.errorCode != AttemptEnd.postedAtBound
    }

    private func brokeOff(_ start: AttemptStart) -> Bool { orphan(start).brokeOff }

    // MARK: - What is written

    mutating func begin(_ more: [AttemptStart]) {
        let known = Set(starts.map(\.attemptID))
        starts += more.filter { !known.contains($0.attemptID) }
        note(more)
        guard let second = more.filter({ $0.race == .second }).map(\.ordinal).min() else { return }
        starts = starts.map { $0.ordinal < second && $0.race == nil ? $0.racing(.first) : $0 }
    }

    mutating func note(_ start: AttemptStart, _ providerTaskID: String) {
        notes[start.attemptID] = notes[start.attemptID] ?? providerTaskID
    }

    private mutating func note(_ starts: [AttemptStart]) {
        for start in starts { if let id = start.providerTaskID { note(start, id) } }
    }

    mutating func hold(_ hold: Hold) {
        held = held.map { max($0, hold.amount) }
        heldImages = max(heldImages, hold.images)
    }

    /// The end of an attempt whose call goes on: applies while it does, and where there is no better one.
    mutating func end(_ end: AttemptEnd) {
        guard settlement == nil, [.pending, .unknown].contains(outcome(of: end.start)) else { return }
        put(end)
    }

    /// False where another word stands: the gateway's that ran the call against recovery's, and a newer one against an older.
    /// Only a call that failed may still get the images that recovery found.
    mutating func settle(_ new: Settlement) -> Bool {
        if let settledAt {
            let isOwnWord = isRecovered && !new.recovered
            let isNewer = settledAt <= new.settledAt
            let mayRecover = isRecovered || (status == .failed && new.imagesDelivered > 0)
            guard isOwnWord || (isNewer && (!new.recovered || mayRecover)) else { return false }
            isRecovered = isRecovered && new.recovered
        } else {
            isRecovered = new.recovered
        }
        for end in new.attempts {
            // What somebody has found out is not forgotten.
            let known = ends[end.start.attemptID]
            if known?.cost == nil || known?.outcome == .pending || end.cost != nil { put(end) }
        }
        begin(new.attempts.map(\.start))
        if !(new.recovered && settledAt != nil) { latency = new.latency }
        let known = Set(images.map(\.imageID))
        images = new.replacesImages ? new.images : images + new.images.filter { !known.contains($0.imageID) }
        settlement = new
        settledAt = new.settledAt
        resolution = nil
        figures = MemoryFigures(new)
        holdBack(new.attempts)
        if new.recovered || !new.isComplete { figureAnew(at: new.settledAt) }
        return true
    }

    /// Only what is still unknown, or was broken off, can be found out later.
    mutating func resolve(_ found: LateResolution) {
        guard settlement != nil else { return }
        for end in found.ends {
            let known = ends[end.start.attemptID]
            let isOpen = [.pending, .unknown].contains(outcome(of: end.start))
            if isOpen || (known?.outcome == .partial && known?.costBasis == .unknown) { put(end) }
        }
        begin(found.ends.map(\.start))
        resolution = found
        figureAnew(at: found.resolvedAt)
    }

    /// Another price for attempts that delivered. A provider's own word stands, and unless it is meant what an invoice has
    /// confirmed. The ids of those whose price it was.
    mutating func reprice(_ repricing: Repricing, confirmed: Set<UUID>) -> Set<UUID> {
        var changed: Set<UUID> = []
        for line in repricing.lines {
            guard let end = ends[line.attemptID], end.costBasis != .provider,
                [.succeeded, .partial].contains(end.outcome),
                repricing.includesReconciled || !confirmed.contains(line.attemptID)
            else { continue }
            ends[line.attemptID] = end.priced(line)
            starts = starts.map { $0.attemptID == line.attemptID ? $0.priced(line.price) : $0 }
            images = images.map { image in
                image.attemptID == line.attemptID
                    ? image.costing(Money(nanodollars: line.cost.nanodollars / Int64(max(1, end.imagesReturned))))
                    : image
            }
            changed.insert(line.attemptID)
        }
        if settlement != nil { figureAnew(at: repricing.repricedAt) }
        return changed
    }

    /// The figures as the attempts stand. `settledAt` moves with them, so that what is written again does not bring the old
    /// ones back.
    private mutating func figureAnew(at moment: Timestamp) {
        settledAt = settledAt.map { max(moment, $0 + .microseconds(1)) }
        figures = MemoryFigures(starts.map { ends[$0.attemptID] })
        holdBack(starts.compactMap { ends[$0.attemptID] })
    }

    private mutating func holdBack(_ ends: [AttemptEnd]) {
        let back = HeldBack(ends)
        held = back.isEmpty ? nil : back.amount
        heldImages = back.images
    }

    private mutating func put(_ end: AttemptEnd) {
        ends[end.start.attemptID] = end.over(ends[end.start.attemptID])
        if let id = end.providerTaskID { notes[end.start.attemptID] = id }
    }

    // MARK: - What recovery reads

    var orphaned: OrphanedCall {
        OrphanedCall(
            key: admission.key,
            model: admission.model,
            imagesRequested: admission.imagesRequested,
            copyrightDetection: admission.parameters["copyright_detection"]?.boolValue ?? false,
            status: status,
            attempts: starts.map(orphan)
        )
    }

    private func orphan(_ start: AttemptStart) -> OrphanedAttempt {
        let end = ends[start.attemptID]
        return OrphanedAttempt(
            start: start,
            outcome: outcome(of: start),
            providerTaskID: notes[start.attemptID],
            charge: Cost.Recorded(end?.charge),
            reason: end?.reason,
            errorCode: end?.errorCode
        )
    }
}

/// What a call cost, as its row tells it.
package struct MemoryFigures: Sendable, Charged {
    package let charge: Cost
    package let estimated: Money?

    init(_ settlement: Settlement) {
        charge = settlement.charge
        estimated = settlement.estimated
    }

    /// The sum of what is known (M6); not known where only zeros are, and one is not (M1).
    init(_ ends: [AttemptEnd?]) {
        let charges = ends.map { $0?.charge ?? .unknown }
        let sum = charges.compactMap(\.amount).reduce(.zero, +)
        let isIncomplete = charges.contains { $0.amount == nil }
        let basis: CostBasis =
            if isIncomplete || charges.contains(where: { $0.basis == .unknown }) {
                .unknown
            } else {
                charges.contains { $0.basis == .priceBook && $0.amount != .zero } ? .priceBook : .provider
            }
        charge = Cost(sum == .zero && isIncomplete ? nil : sum, basis)
        let unconfirmed = charges.filter { $0.basis != .provider }.compactMap(\.amount)
        estimated = charge.amount == nil ? nil : unconfirmed.reduce(.zero, +)
    }
}

extension AttemptEnd {
    /// The same end, with what was known before and is not known any better: an id of the provider, and what was measured.
    fileprivate func over(_ earlier: AttemptEnd?) -> AttemptEnd {
        guard let earlier else { return self }
        return AttemptEnd(
            start: start.racing(earlier.start.race ?? start.race),
            outcome: outcome,
            reason: reason,
            errorCode: errorCode,
            httpStatus: httpStatus ?? earlier.httpStatus,
            sent: sent,
            charge: charge,
            timings: PhaseTimings(
                dns: timings.dns ?? earlier.timings.dns,
                connect: timings.connect ?? earlier.timings.connect,
                tls: timings.tls ?? earlier.timings.tls,
                firstByte: timings.firstByte ?? earlier.timings.firstByte,
                total: timings.total ?? earlier.timings.total
            ),
            endedAt: timings.total == nil && earlier.timings.total != nil ? earlier.endedAt : endedAt,
            imagesReturned: imagesReturned,
            providerTaskID: providerTaskID ?? earlier.providerTaskID,
            providerRequestID: providerRequestID ?? earlier.providerRequestID,
            extra: extra.isEmpty ? earlier.extra : extra
        )
    }
}

extension AttemptEnd {
    fileprivate func priced(_ line: Repricing.Line) -> AttemptEnd {
        AttemptEnd(
            start: start.priced(line.price),
            outcome: outcome,
            reason: reason,
            errorCode: errorCode,
            httpStatus: httpStatus,
            sent: sent,
            charge: Cost(line.cost, .priceBook),
            timings: timings,
            endedAt: endedAt,
            imagesReturned: imagesReturned,
            providerTaskID: providerTaskID,
            providerRequestID: providerRequestID,
            extra: extra
        )
    }
}

extension AttemptStart {
    fileprivate func priced(_ price: Money) -> AttemptStart {
        AttemptStart(
            attemptID: attemptID,
            callID: callID,
            teamID: teamID,
            ordinal: ordinal,
            provider: provider,
            providerModel: providerModel,
            taskID: taskID,
            providerTaskID: providerTaskID,
            startedAt: startedAt,
            imagesAsked: imagesAsked,
            bound: bound,
            pricePerImage: price,
            duplicateRisk: duplicateRisk,
            race: race
        )
    }
}

extension ImageRecord {
    fileprivate func costing(_ cost: Money) -> ImageRecord {
        ImageRecord(
            imageID: imageID,
            callID: callID,
            attemptID: attemptID,
            teamID: teamID,
            ordinal: ordinal,
            createdAt: createdAt,
            seed: seed,
            nsfw: nsfw,
            copyright: copyright,
            withheld: withheld,
            size: size,
            format: format,
            bytes: bytes,
            sha256: sha256,
            providerImageID: providerImageID,
            artifact: artifact,
            cost: cost
        )
    }
}
