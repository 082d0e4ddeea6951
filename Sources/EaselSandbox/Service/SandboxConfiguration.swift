/// What the simulated providers are set up with. The defaults are the strictest reading of what is known of them
/// (docs/providers).
package struct SandboxConfiguration: Sendable {
    /// The address to listen at. Anything but loopback is the operator's own risk: the sandbox gives images for free.
    package var host: String
    /// The port of the first provider, and of the others unless `hasPortEach`; 0 takes any free port.
    package var port: UInt16
    /// Whether each provider has a port of its own, so that one can go away alone: those that follow `port`, or any free ones.
    package var hasPortEach: Bool
    /// The keys that every provider accepts; each is an account of its own in the billing record.
    package var apiKeys: [String]
    /// The keys among them whose owner is an admin of Ideogram's organization; nil: all of them.
    package var ideogramAdminKeys: [String]?
    /// How long one image takes, drawn evenly from the range for each task.
    package var latency: ClosedRange<Duration>
    /// Divides both sides of every image, for load tests: replies still name the size that was asked for.
    package var pixelScale: Int
    /// What goes wrong from the start; can be replaced while running.
    package var faults: [FaultRule]
    /// Where the sequence of seeds, latencies and chances begins.
    package var seed: UInt64
    /// Fetch input images by URL (from loopback addresses only). False paints a placeholder instead, for requests that
    /// name images on hosts that cannot be reached.
    package var fetchInputs: Bool
    /// The longest image that Ideogram takes, in bytes; the page says 10 MB, later pages 25 MB.
    package var ideogramMaxImageBytes: Int
    /// Whether Ideogram 4.0 takes the 1K sizes that were added after its launch.
    package var ideogramTakes1KSizes: Bool
    /// Whether Ideogram 4.0 refuses `image_weight` beside a resolution of another ratio than the image.
    package var ideogramAspectRatioRule: Bool
    /// Requests of one key that Ideogram works on at a time; one more is answered 429.
    package var ideogramMaxInFlight: Int
    /// How long Ideogram's links work.
    package var ideogramLinkLifetime: Duration
    /// Whether Ideogram charges for images that it withholds. No document says so.
    package var billsWithheldImages: Bool

    /// A `pixelScale` below 1 counts as 1.
    package init(
        host: String = "127.0.0.1",
        port: UInt16 = 0,
        hasPortEach: Bool = false,
        apiKeys: [String] = ["sandbox-key"],
        latency: ClosedRange<Duration> = .milliseconds(50)...(.milliseconds(150)),
        pixelScale: Int = 1,
        faults: [FaultRule] = [],
        seed: UInt64 = 1,
        fetchInputs: Bool = true,
        ideogramMaxImageBytes: Int = 10_000_000,
        ideogramTakes1KSizes: Bool = false,
        ideogramAspectRatioRule: Bool = true,
        ideogramMaxInFlight: Int = 10,
        ideogramLinkLifetime: Duration = .seconds(3600),
        billsWithheldImages: Bool = false
    ) {
        self.host = host
        self.port = port
        self.hasPortEach = hasPortEach
        self.apiKeys = apiKeys
        self.latency = latency
        self.pixelScale = max(1, pixelScale)
        self.faults = faults
        self.seed = seed
        self.fetchInputs = fetchInputs
        self.ideogramMaxImageBytes = ideogramMaxImageBytes
        self.ideogramTakes1KSizes = ideogramTakes1KSizes
        self.ideogramAspectRatioRule = ideogramAspectRatioRule
        self.ideogramMaxInFlight = ideogramMaxInFlight
        self.ideogramLinkLifetime = ideogramLinkLifetime
        self.billsWithheldImages = billsWithheldImages
    }
}
