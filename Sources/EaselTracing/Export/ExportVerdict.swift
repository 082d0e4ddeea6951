import EaselBase
import EaselTransport

/// What an answer of the collector means (OTLP 1.x, "OTLP/HTTP Response"): pure.
enum ExportVerdict: Equatable {
    /// It has them, but for so many that it did not want.
    case taken(rejected: Int)
    /// Once more, after a pause.
    case again(Duration)
    /// It will never take these.
    case refused(status: Int)

    /// A pause that a collector asks for is believed up to here.
    static let longestPause = Duration.seconds(30)

    /// `turn`: how often it was tried before; `chance`: 0 to 1, drawn anew each time.
    init(_ result: Result<HTTPResponse, TransportError>, turn: Int, chance: Double) {
        let own = Self.pause(turn, chance)
        switch result {
        case .failure(let error): self = error.kind == .badURL ? .refused(status: 0) : .again(own)
        case .success(let response):
            switch response.status {
            case 200..<300: self = .taken(rejected: OTLPTraces.rejected(response.body))
            case 429, 502, 503, 504:
                let asked = response.fields.retryAfter(atMost: Self.longestPause)
                self = .again(asked.map { max($0, own) } ?? own)
            default: self = .refused(status: response.status)
            }
        }
    }

    /// 1 s, doubling up to 16, each shortened at random by up to a half.
    static func pause(_ turn: Int, _ chance: Double) -> Duration {
        let whole = Duration.seconds(1 << min(max(turn, 0), 4))
        return .nanoseconds(Int64(whole.secondsAsDouble * 1e9 * (1 - min(max(chance, 0), 1) / 2)))
    }
}
