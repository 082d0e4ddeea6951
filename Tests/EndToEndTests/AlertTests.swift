import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselReporting

/// Alerts from the figures to whoever is told, with a whole process.
@Suite(
    .enabled(if: Program.path != nil, "the executable was not built beside the tests"),
    .enabled(if: Python.isThere, "python3 is not on the PATH")
)
struct AlertTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// Runs `body` beside a process that tells a webhook, a Slack address and a mailbox.
    private func with(
        _ body: (ProgramHouse, Served, Receiver, MailServer) async throws -> Void
    ) async throws {
        try await ProgramHouse.with { house in
            let receiver = try Receiver()
            let mail = try await MailServer(directory: house.directory)
            let alerts = """

                alerts:
                  destinations:
                    ops:  { kind: webhook, url: "\(receiver.url)/hook?token=t", secret: \(Self.secret) }
                    chat: { kind: slack, url: "\(receiver.url)/chat" }
                    post: { kind: email, to: [a@example.com, b@example.com], from: easel@example.com,
                            smtp: "smtp://127.0.0.1:\(mail.port)" }
                    lost: { kind: email, to: unknown@example.com, from: easel@example.com,
                            smtp: "smtp://127.0.0.1:\(mail.port)" }
                  standard_rules: false
                  rules:
                    - { name: budgets, on: budget, at: [50, 100], to: [ops, chat, post] }
                    - { name: down, on: provider_down, to: ops, resolve_after: 0s }
                """
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: house.configuration))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(alerts.utf8))
            try handle.close()
            let served = try await Served(configuration: house.configuration)
            do {
                try await body(house, served, receiver, mail)
                #expect(await served.terminate() == 0)
            } catch {
                await served.kill()
                await receiver.stop()
                await mail.stop()
                throw error
            }
            await receiver.stop()
            await mail.stop()
        }
    }

    private func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<600 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record(what)
        throw CancellationError()
    }

    private func remix(_ house: ProgramHouse, _ served: Served) async throws -> Int {
        let body: JSONValue = [
            "model": "ideogram-4.0", "prompt": "a harbour",
            "image": .string(Data(SampleImage.bytes()).base64EncodedString()),
        ]
        return try await house.send("POST", served.url + "/v1/remix", body: body).status
    }

    @Test(.timeLimit(.minutes(5)))
    func `a budget's threshold is told once, signed, to a webhook, to Slack and by mail`() async throws {
        try await with { house, served, receiver, mail in
            let budget: JSONValue = ["scope": "team:default", "period": "month", "limit_usd": "0.10", "hard": true]
            #expect(try await house.send("PUT", served.url + "/v1/budgets", body: budget).status == 200)
            #expect(try await remix(house, served) == 200)
            try await eventually("the webhook was told") { !receiver.messages("/hook").isEmpty }
            try await eventually("Slack was told") { !receiver.messages("/chat").isEmpty }
            try await eventually("the mail arrived") { mail.text.contains("\r\n.\r\n") }
            let hook = try #require(receiver.messages("/hook").first)
            #expect(hook.type == "alert.fired" && hook.data["rule"] == "budgets" && hook.data["level"] == 50)
            #expect(hook.data["subject"] == "team:default/month" && hook.data["state"] == "firing")
            #expect(hook.data["details"]?["spent_usd"] == "0.06")
            // The signature, computed here from what the specification says.
            let id = try #require(hook["webhook-id"])
            let seconds = try #require(hook["webhook-timestamp"])
            let key = try #require(WebhookSecret.bytes(Self.secret))
            let code = Crypto.hmacSHA256(Array("\(id).\(seconds).".utf8) + hook.body, key: key)
            #expect(hook["webhook-signature"] == "v1," + Data(code).base64EncodedString())
            let chat = try #require(receiver.messages("/chat").first)
            #expect(chat.json["text"]?.stringValue?.contains("has used 60% of $0.10") == true)
            #expect(mail.text.contains("RCPT TO:<a@example.com>") && mail.text.contains("RCPT TO:<b@example.com>"))
            #expect(mail.text.contains("Subject: [warning] budgets: team:default/month"))

            // It is told once, also after the figures were looked at again, and by whoever starts anew.
            try await Task.sleep(for: .seconds(7))
            #expect(receiver.messages("/hook").count == 1 && receiver.messages("/chat").count == 1)
            let list = try await house.send("GET", served.url + "/v1/alerts")
            let alert = try #require(list["alerts"]?.arrayValue?.first)
            #expect(alert["state"] == "firing" && alert["value"] == "60%" && alert["muted_until"] == .null)
            let raised: JSONValue = ["scope": "team:default", "period": "month", "limit_usd": "10", "hard": true]
            #expect(try await house.send("PUT", served.url + "/v1/budgets", body: raised).status == 200)
            try await eventually("the end was told") { receiver.messages("/hook").count == 2 }
            #expect(receiver.messages("/hook")[1].type == "alert.resolved")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a provider that is down is told, and told to be back`() async throws {
        try await with { house, served, receiver, _ in
            try await house.sandbox.setFaults([FaultRule(provider: .runware, kind: .status(500))])
            for _ in 0..<6 { _ = try await remix(house, served) }
            try await eventually("the outage was told") {
                receiver.messages("/hook").contains { $0.type == "alert.fired" && $0.data["rule"] == "down" }
            }
            try await house.sandbox.setFaults([])
            try await eventually("the end was told") {
                _ = try await remix(house, served)
                return receiver.messages("/hook").contains { $0.type == "alert.resolved" && $0.data["rule"] == "down" }
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `tests, mutes, dead letters and replays by the command line`() async throws {
        try await with { house, served, receiver, _ in
            let environment = ["EASEL_URL": served.url, "EASEL_API_KEY": ProgramHouse.adminKey]
            func easel(_ line: String) async throws -> Program.Outcome {
                try await Program.run(line.split(separator: " ").map(String.init), environment: environment)
            }
            let quiet = try await easel("alert list --check")
            #expect(quiet.status == 0 && quiet.errors.contains("nothing is firing") && quiet.output.contains("budgets"))
            let tried = try await easel("alert test ops chat post")
            #expect(tried.status == 0, "\(tried.errors)")
            #expect(tried.output == "chat: delivered\nops: delivered\npost: delivered\n")
            #expect(receiver.messages("/hook").map(\.type) == ["alert.test"])
            let refused = try await easel("alert test lost")
            #expect(
                refused.status == 1 && refused.output.contains("lost: given up: ") && refused.output.contains("550")
            )
            let unknown = try await easel("alert test nobody")
            #expect(unknown.status == 2 && unknown.errors.contains("there are ops, chat, post, lost"))

            // 410 is for good; the letter is kept, and sent again by hand.
            receiver.answer("/hook", 410)
            let gone = try await easel("alert test ops")
            #expect(gone.status == 1 && gone.output == "ops: given up: the receiver answered 410\n")
            let dead = try await easel("alert events --dead --csv")
            #expect(dead.output.contains(",ops,dead,1,") && dead.output.contains(",lost,dead,1,"))
            receiver.answer("/hook", 200)
            let event = try #require(receiver.messages("/hook").last?["webhook-id"])
            let replayed = try await easel("alert replay \(event.dropFirst(4))")
            #expect(replayed.status == 0 && replayed.output == "1 delivery sent again\n")
            try await eventually("it was sent again") { receiver.messages("/hook").count == 3 }
            #expect(receiver.messages("/hook").last?["webhook-id"] == event)

            // 500 is tried again by itself.
            receiver.answer("/hook", 500)
            let failing = try await easel("alert test ops")
            #expect(
                failing.status == 1 && failing.output.contains("failed, will be tried again: the receiver answered 500")
            )
            receiver.answer("/hook", 200)
            try await eventually("it was tried again") { receiver.messages("/hook").count == 5 }

            let muted = try await easel("alert mute budgets --for 1h")
            #expect(muted.status == 0 && muted.output.contains("muted budgets until"))
            let budget: JSONValue = ["scope": "org", "period": "day", "limit_usd": "0.06", "hard": false]
            #expect(try await house.send("PUT", served.url + "/v1/budgets", body: budget).status == 200)
            #expect(try await remix(house, served) == 200)
            try await eventually("it fires") { try await easel("alert list --check").status == 4 }
            let told = try await easel("alert events --limit 1 --csv")
            #expect(told.output.contains("muted"))
            #expect(receiver.messages("/hook").count == 5)
            #expect(try await easel("alert unmute budgets").status == 0)
            // The end of what nobody was told of is told to nobody.
            let raised: JSONValue = ["scope": "org", "period": "day", "limit_usd": "10", "hard": false]
            #expect(try await house.send("PUT", served.url + "/v1/budgets", body: raised).status == 200)
            try await eventually("it is over") { try await easel("alert list --check").status == 0 }
            let ended = try await easel("alert events --limit 1 --csv")
            #expect(ended.output.contains("alert.resolved") && ended.output.contains("muted"))
            #expect(receiver.messages("/hook").count == 5)
            let again = try await easel("alert unmute budgets")
            #expect(again.status == 1 && again.errors.contains("budgets is not muted"))
            let wrong = try await easel("alert mute nothing --for 1h")
            #expect(wrong.status == 2 && wrong.errors.contains("there are budgets, down"))
            let nobody = try await easel("alert mute down --subject provider:nope")
            #expect(nobody.status == 2 && nobody.errors.contains("there is no provider nope"), "\(nobody.errors)")
            #expect(try await easel("alert mute down --subject provider:runware").status == 0)
            #expect(try await easel("alert replay").status == 2)
        }
    }
}

/// Python beside the tests.
enum Python {
    static let isThere: Bool = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }
    }()

    /// Where `scripts/python-tools.sh` puts what tests want of others' making; nil where it could not be fetched.
    static let folder: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let folder = root + "/.build/python"
        return isThere && FileManager.default.fileExists(atPath: folder) ? folder : nil
    }()

    /// Whether a package is among them.
    static func has(_ module: String) -> Bool {
        folder.map { FileManager.default.fileExists(atPath: $0 + "/" + module) } ?? false
    }

    /// The same where an implementation of Standard Webhooks is among it.
    static let tools = folder.flatMap { FileManager.default.fileExists(atPath: $0 + "/standardwebhooks") ? $0 : nil }
}

/// What others' programs make of a webhook.
struct WebhookInteropTests {
    @Test(
        .enabled(if: Python.isThere, "python3 is not on the PATH"),
        .enabled(if: Python.tools != nil, "the Python package standardwebhooks could not be fetched")
    )
    func `the library of the specification takes the signature, and no other`() async throws {
        let secret = "whsec_" + Data(Crypto.randomBytes(32)).base64EncodedString()
        let now = TimeSource.system.now
        let event = AlertMessage.test(by: "Müller & <Söhne>", now: now)
        let body = AlertMessage.webhook(event)
        let fields = WebhookSigner(secret: secret).fields(id: "msg_\(event.id.text)", at: now, body: body)
        let program = """
            import json, sys
            from standardwebhooks.webhooks import Webhook, WebhookVerificationError
            headers = dict(pair.split("=", 1) for pair in sys.argv[2:])
            body = sys.stdin.buffer.read()
            seen = Webhook(sys.argv[1]).verify(body, headers)
            assert seen["type"] == "alert.test", seen
            for broken in (body + b" ", body.replace(b"test", b"best", 1)):
                try:
                    Webhook(sys.argv[1]).verify(broken, headers)
                except WebhookVerificationError:
                    continue
                raise SystemExit("a changed body was taken")
            late = dict(headers, **{"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)})
            try:
                Webhook(sys.argv[1]).verify(body, late)
            except WebhookVerificationError:
                print("verified")
            """
        let outcome = try await Program.run(
            "/usr/bin/env",
            ["python3", "-c", program, secret] + fields.map { "\($0.0)=\($0.1)" },
            environment: ["PYTHONPATH": try #require(Python.tools)],
            input: body
        )
        #expect(outcome.output == "verified\n", "\(outcome.errors)")
    }
}
