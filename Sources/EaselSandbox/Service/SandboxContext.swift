package import EaselBase
package import EaselCore
package import EaselImaging
import EaselTransport
import Foundation

/// What all simulated providers share.
package final class SandboxContext: Sendable {
    package let configuration: SandboxConfiguration
    let chance: Chance
    package let faults: FaultBook
    package let billing = BillingRecord()
    let journal: RequestJournal
    let painter: Painter
    let client: HTTPClient
    package let time = TimeSource.system

    init(configuration: SandboxConfiguration, client: HTTPClient, idPaths: [String]) {
        journal = RequestJournal(idPaths: idPaths)
        self.configuration = configuration
        self.client = client
        chance = Chance(seed: configuration.seed)
        faults = FaultBook(rules: configuration.faults, chance: chance)
        painter = Painter(scale: configuration.pixelScale)
    }

    /// Whether this is one of the accepted keys.
    package func accepts(key: String) -> Bool { configuration.apiKeys.contains(key) }

    /// How long the next task takes.
    package func latency(_ misbehaviour: Misbehaviour) -> Duration {
        chance.duration(in: configuration.latency) + misbehaviour.extraLatency
    }

    /// The address under which the client reached the sandbox, for links.
    package func origin(_ call: SandboxCall) -> String {
        "http://" + (call.fields["Host"] ?? "\(configuration.host):\(configuration.port)")
    }

    /// Runs work that a provider finishes even when its client has gone: it is not cancelled with the request.
    package func work<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Task<Result, Never> {
        Task { await body() }
    }

    /// Draws one: positive and 31 bits long.
    package func imageSeed() -> Int { chance.imageSeed() }

    /// A file that is really made of `picture`: cut and resized to `size` (smaller by the configuration's `pixelScale`), and half
    /// way towards a pattern that prompt and seed decide. Throws where the picture is none.
    package func paint(
        _ picture: [UInt8],
        size: PixelSize,
        prompt: String,
        seed: Int,
        as format: ImageFormat = .png
    ) async throws(ImageError) -> [UInt8] {
        try await painter.paint(
            PaintOrder(
                source: try SourceImage(picture),
                size: size,
                strength: 0.5,
                prompt: prompt,
                seed: seed,
                format: format
            )
        )
    }
}
