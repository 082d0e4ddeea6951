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

    /// Each reader with what it says where the provider's words are left out.
    private var readers: [(read: (String, [String]) -> String, fallback: String)] {
        [
            (runware, "Runware answered with the error validationFailed."),
            (ideogram, "Ideogram answered with status 400."),
        ]
    }

    @Test func `a message that repeats a key or a prompt is replaced as a whole`() {
        let innocent = "Something else is wrong."
        for secret in [Answers.key, Answers.prompt] {
            for (read, fallback) in readers {
                for words in ["The key \(secret) may not.", secret, "'\(secret)' and \(secret) again"] {
                    #expect(read(words, [Answers.key, Answers.prompt]) == fallback)
                }
                #expect(read(innocent, [Answers.key, Answers.prompt]) == innocent && fallback != innocent)
            }
        }
    }

    @Test func `the beginning of a secret is enough to replace a message`() {
        let prompt = "a red kite over a harbour full of fishing boats, painted at dawn in thin washes of grey"
        for (read, fallback) in readers {
            #expect(read("Refused: \(prompt.prefix(24))...", [prompt]) == fallback)
            #expect(read("Refused: \(prompt.prefix(40))[cut]", [prompt]) == fallback)
            // Words that only happen to be in a prompt may be said.
            #expect(read("Refused: a red kite", [prompt]) == "Refused: a red kite")
        }
    }

    @Test func `a prompt of a letter or two does not hide every message`() {
        for (read, fallback) in readers {
            #expect(read("A fox is no valid value.", ["fox", ""]) == "A fox is no valid value.")
            #expect(read("A wolf is no valid value.", ["wolf"]) == fallback)
        }
    }

    @Test func `long keys and prompts are left out to their end`() {
        let key = "rw-" + String(repeating: "0123456789abcdef", count: 6)
        let prompt = "a red kite over a harbour full of fishing boats, painted at dawn in thin washes of grey and pink"
        for read in [runware, ideogram] {
            let message = read("Refused '\(prompt)' of \(key).", [key, prompt])
            #expect(!message.contains(prompt.suffix(20)) && !message.contains(key.suffix(20)))
        }
    }

    @Test func `control characters, essays and images do not get through`() {
        let image = String(repeating: "iVBORw0KGgo", count: 40)
        for read in [runware, ideogram] {
            #expect(read("two\nlines\u{1B}[31m", []) == "two lines [31m")
            #expect(read(String(repeating: "word ", count: 200), []).count <= SafeMessage.limit + 3)
            #expect(!read("Bad image \(image)", []).contains("iVBOR"))
            #expect(!read("", []).isEmpty)
        }
    }

    @Test func `Retry-After is not believed beyond an hour`() {
        #expect(HTTPFields([("retry-after", "7")]).retryAfter == .seconds(7))
        #expect(HTTPFields([("retry-after", "86400")]).retryAfter == .seconds(3600))
    }

    @Test func `a request that a server says it has not looked at counts as not sent`() {
        let failure = TransportFailure.failure(for: TransportError(kind: .notProcessed, sent: false, detail: "x"))
        #expect(failure.kind == .notSent)
        #expect(failure.code == "stream_refused")
        #expect(failure.message == "The provider did not accept the request; nothing was processed.")
    }

    @Test func `a failed exchange is not sent, lost, late or garbled`() {
        for kind in TransportError.Kind.allCases {
            let unsent = TransportFailure.failure(for: TransportError(kind: kind, sent: false, detail: Answers.key))
            #expect(unsent.kind == .notSent && unsent.billing == .notCharged, "\(kind)")
            let sent = TransportFailure.failure(for: TransportError(kind: kind, sent: true, detail: Answers.key))
            let expected: ProviderFailure.Kind =
                switch kind {
                case .totalTimeout, .firstByteTimeout, .connectTimeout: .timeout
                case .malformedResponse, .contentEncoding, .responseTooLarge: .garbled
                default: .connectionLost
                }
            #expect(sent.kind == expected && sent.billing == .unknown && sent.wantsRecovery, "\(kind)")
            for failure in [unsent, sent] {
                #expect(!failure.message.contains(Answers.key) && !failure.code.isEmpty && failure.httpStatus == nil)
            }
        }
    }

    @Test(arguments: [
        "data:image/png;base64,AQID", "DATA:image/png;base64,AQID", "data:image/png;BASE64,AQID",
        "data:image/png;charset=utf-8;base64,AQID", "data:image/png; base64 ,AQID", "data:;base64, AQ\r\n ID\n",
        "data:image/png;name=a%2Cb.png;base64,A%51ID", "data:image/png;base64,AQID%0D%0A", "Data:;Base64,%41QID",
    ])
    func `a data URI is read however it is spelled`(_ text: String) {
        #expect(DataURI.decode(text) == [1, 2, 3])
    }

    @Test func `without base64 the data are percent-encoded`() throws {
        #expect(try DataURI.read("data:image/png,%01a%2").bytes == [1] + Array("a%2".utf8))
        #expect(throws: DataURI.Fault.base64(.tooLong)) { try DataURI.read("data:,abc", maxBytes: 2) }
        #expect(try DataURI.read("data:text/base64,AQID").isBase64 == false)
    }

    @Test func `what is no base64 data URI is nothing`() {
        #expect(DataURI.decode("data:image/png;base64,AQID") == [1, 2, 3])
        #expect(DataURI.decode("data:;base64,") == [])
        for text in ["AQID", "data:image/png,AQID", "data:image/png;base64", "data:image/png;base64,%%", "data:"] {
            #expect(DataURI.decode(text) == nil, "\(text)")
        }
        #expect(DataURI.decode(Requests.image.dataURI) == Requests.image.bytes)
    }
}
