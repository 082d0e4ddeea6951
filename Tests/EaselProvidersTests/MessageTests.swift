import EaselBase
import EaselCore
import EaselTransport
import Foundation
import Testing

@testable import EaselProviders

/// What callers may be shown (S2): the provider's own words, without secrets.
struct MessageTests {
    private func runware(_ message: String, secrets: [String] = [Answers.key, Answers.prompt]) -> String {
        let body: JSONValue = ["errors": [["code": "validationFailed", "message": .string(message)]]]
        let exchange = RunwareReading.submission(
            Answers.response(body, status: 400),
            Answers.question(secrets: secrets),
            delivery: .sync
        )
        return exchange.result?.failure?.message ?? ""
    }

    private func ideogram(_ message: String, secrets: [String] = [Answers.key, Answers.prompt]) -> String {
        let exchange = IdeogramReading.submission(
            Answers.response(["error": .string(message)], status: 400),
            Answers.ideogramQuestion(secrets: secrets),
            delivery: .sync
        )
        return exchange.result?.failure?.message ?? ""
    }

    @Test func `keys and prompts that a provider repeats are taken out`() {
        let words = "The key \(Answers.key) may not send '\(Answers.prompt)' or \(Answers.key)."
        for message in [runware(words), ideogram(words)] {
            #expect(message == "The key [...] may not send '[...]' or [...].")
        }
    }

    @Test func `long keys and prompts are taken out to their end`() {
        let key = "rw-" + String(repeating: "0123456789abcdef", count: 6)
        let prompt = "a red kite over a harbour full of fishing boats, painted at dawn in thin washes of grey and pink"
        for read in [runware, ideogram] {
            let message = read("Refused '\(prompt)' of \(key).", [key, prompt])
            withKnownIssue("only the first 64 characters of a secret are replaced, the rest is shown") {
                #expect(!message.contains(prompt.suffix(20)) && !message.contains(key.suffix(20)))
            }
        }
    }

    @Test func `control characters, essays and pictures do not get through`() {
        let picture = String(repeating: "iVBORw0KGgo", count: 40)
        for read in [runware, ideogram] {
            #expect(read("two\nlines\u{1B}[31m", []) == "two lines [31m")
            #expect(read(String(repeating: "word ", count: 200), []).count <= SafeMessage.limit + 3)
            #expect(!read("Bad image \(picture)", []).contains("iVBOR"))
            #expect(!read("", []).isEmpty)
        }
    }

    @Test(
        arguments: [
            ("0", Duration.zero), ("7", .seconds(7)), ("1.5", .milliseconds(1500)), ("86400", .seconds(3600)),
            ("1e300", .seconds(3600)), ("inf", .seconds(3600)), ("-1", nil), ("nan", nil), ("", nil), ("soon", nil),
            ("Wed, 21 Oct 2026 07:28:00 GMT", nil),
        ] as [(String, Duration?)]
    )
    func `Retry-After is read in seconds, and not believed beyond an hour`(text: String, pause: Duration?) {
        #expect(RetryAfter.parse(HTTPFields([("retry-after", text)])) == pause)
        #expect(RetryAfter.parse(HTTPFields()) == nil)
    }

    @Test func `a failed exchange is not sent, lost, late or garbled`() {
        for kind in TransportError.Kind.allCases {
            let unsent = TransportFailure.failure(for: TransportError(kind: kind, sent: false, detail: Answers.key))
            #expect(unsent.kind == .notSent && unsent.billing == .notCharged, "\(kind)")
            let sent = TransportFailure.failure(for: TransportError(kind: kind, sent: true, detail: Answers.key))
            let expected: ProviderFailure.Kind =
                switch kind {
                case .totalTimeout, .firstByteTimeout, .connectTimeout: .timeout
                case .malformedResponse, .responseTooLarge: .garbled
                default: .connectionLost
                }
            #expect(sent.kind == expected && sent.billing == .unknown && sent.kind.wantsRecovery, "\(kind)")
            for failure in [unsent, sent] {
                #expect(!failure.message.contains(Answers.key) && !failure.code.isEmpty && failure.httpStatus == nil)
            }
        }
    }

    @Test func `data URIs are read strictly`() {
        #expect(DataURI.decode("data:image/png;base64,AQID") == [1, 2, 3])
        #expect(DataURI.decode("data:;base64,") == [])
        for text in ["AQID", "data:image/png,AQID", "data:image/png;base64", "data:image/png;base64,%%", "data:"] {
            #expect(DataURI.decode(text) == nil, "\(text)")
        }
        #expect(DataURI.decode(Requests.picture.dataURI) == Requests.picture.bytes)
    }
}
