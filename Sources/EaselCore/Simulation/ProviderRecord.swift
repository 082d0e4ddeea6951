package import EaselBase

/// How the attempts of one provider with one model and rendering speed went in a window of the log.
package struct ProviderRecord: Sendable, Hashable, Codable {
    package var provider: String
    package var model: RemixModel
    /// Nil: the requests named none.
    package var renderingSpeed: RenderingSpeed?
    /// Attempts that delivered, wholly or in part.
    package var succeeded: Int
    /// Refused on content grounds, or every image withheld.
    package var refused: Int
    package var failed: Int
    /// Sent, and their end was never found out.
    package var unknown: Int
    /// Images asked for by the attempts that delivered.
    package var imagesAsked: Int
    /// Images that came.
    package var imagesReturned: Int
    /// What those attempts cost, as far as it is known.
    package var billed: Money
    /// The images that `billed` is for.
    package var billedImages: Int
    /// Of attempts that delivered, in milliseconds; nil without any.
    package var deliveredMs: Latency?
    /// Of the other attempts.
    package var otherMs: Latency?

    /// Times in milliseconds.
    package struct Latency: Sendable, Hashable, Codable {
        package var mean: Double
        package var p50: Double
        package var p95: Double

        package init(mean: Double, p50: Double, p95: Double) {
            self.mean = mean
            self.p50 = p50
            self.p95 = p95
        }
    }

    package init(
        provider: String,
        model: RemixModel,
        renderingSpeed: RenderingSpeed?,
        succeeded: Int,
        refused: Int,
        failed: Int,
        unknown: Int,
        imagesAsked: Int,
        imagesReturned: Int,
        billed: Money,
        billedImages: Int,
        deliveredMs: Latency?,
        otherMs: Latency?
    ) {
        self.provider = provider
        self.model = model
        self.renderingSpeed = renderingSpeed
        self.succeeded = succeeded
        self.refused = refused
        self.failed = failed
        self.unknown = unknown
        self.imagesAsked = imagesAsked
        self.imagesReturned = imagesReturned
        self.billed = billed
        self.billedImages = billedImages
        self.deliveredMs = deliveredMs
        self.otherMs = otherMs
    }

    package var attempts: Int { succeeded + refused + failed + unknown }
    /// Nil when no image has a known cost.
    package var billedPerImage: Money? {
        billedImages > 0 ? Money(nanodollars: billed.nanodollars / Int64(billedImages)) : nil
    }

    private enum CodingKeys: String, CodingKey {
        case provider, model
        case renderingSpeed = "rendering_speed"
        case succeeded, refused, failed, unknown
        case imagesAsked = "images_asked"
        case imagesReturned = "images_returned"
        case billed = "billed_usd"
        case billedImages = "billed_images"
        case deliveredMs = "delivered_ms"
        case otherMs = "other_ms"
    }
}

/// What one attempt is expected to come to, by what such attempts came to.
struct ExpectedAttempt: Sendable, Hashable {
    /// Shares of attempts; they add up to 1.
    var succeeds: Double
    var refused: Double
    var fails: Double
    var unknown: Double
    /// The share of the images asked for that come when it succeeds.
    var delivered: Double
    /// Milliseconds, over all attempts however they ended.
    var latencyMs: Double
}

/// The records of a window, found by what is to be projected.
struct ProviderRecords: Sendable {
    /// A record of fewer attempts gives way to a wider one.
    static let fewest = 20

    private struct Key: Hashable {
        var provider: String
        var model: RemixModel?
        var speed: RenderingSpeed?
    }

    /// Sums over records.
    private struct Sums {
        var attempts = 0.0
        var succeeded = 0.0
        var refused = 0.0
        var failed = 0.0
        var asked = 0.0
        var returned = 0.0
        var ms = 0.0
        var timed = 0.0

        mutating func add(_ record: ProviderRecord) {
            attempts += Double(record.attempts)
            succeeded += Double(record.succeeded)
            refused += Double(record.refused)
            failed += Double(record.failed)
            asked += Double(record.imagesAsked)
            returned += Double(record.imagesReturned)
            let others = record.attempts - record.succeeded
            for (latency, count) in [(record.deliveredMs, record.succeeded), (record.otherMs, others)] {
                guard let latency else { continue }
                ms += latency.mean * Double(count)
                timed += Double(count)
            }
        }

        var expected: ExpectedAttempt {
            ExpectedAttempt(
                succeeds: succeeded / attempts,
                refused: refused / attempts,
                fails: failed / attempts,
                unknown: (attempts - succeeded - refused - failed) / attempts,
                delivered: asked > 0 ? min(1, returned / asked) : 1,
                latencyMs: timed > 0 ? ms / timed : 0
            )
        }
    }

    private enum Width { case speed, model, provider }
    private var narrow: [Key: Sums] = [:]
    private var models: [Key: Sums] = [:]
    private var providers: [Key: Sums] = [:]

    init(_ records: [ProviderRecord]) {
        for record in records where record.attempts > 0 {
            narrow[Self.key(.speed, record), default: Sums()].add(record)
            models[Self.key(.model, record), default: Sums()].add(record)
            providers[Self.key(.provider, record), default: Sums()].add(record)
        }
    }

    private static func key(_ width: Width, _ record: ProviderRecord) -> Key {
        switch width {
        case .speed: Key(provider: record.provider, model: record.model, speed: record.renderingSpeed)
        case .model: Key(provider: record.provider, model: record.model)
        case .provider: Key(provider: record.provider)
        }
    }

    /// By the narrowest record with enough attempts: of the provider with this model and speed, with this model, or with
    /// any; nil when the provider was never asked.
    func expected(_ provider: String, _ model: RemixModel, _ speed: RenderingSpeed?) -> ExpectedAttempt? {
        let enough = Double(Self.fewest)
        if let sums = narrow[Key(provider: provider, model: model, speed: speed)], sums.attempts >= enough {
            return sums.expected
        }
        if let sums = models[Key(provider: provider, model: model)], sums.attempts >= enough { return sums.expected }
        return providers[Key(provider: provider)]?.expected
    }
}
