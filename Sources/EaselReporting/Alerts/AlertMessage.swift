package import EaselBase
package import EaselCore
import Foundation

/// What is told of a change, and the forms that it is sent in.
package enum AlertMessage {
    // MARK: - Events

    static func event(_ change: AlertChange, rule: AlertRule, isMuted: Bool, now: Timestamp) -> AlertEvent {
        let finding = change.state.finding
        let isOver = change.kind == .resolved
        var text = JSONText()
        text.object { text in
            text.member("rule", rule.name)
            text.member("on", rule.kind.rawValue)
            text.member("subject", finding.subject)
            text.member("state", isOver ? "resolved" : "firing")
            text.member("severity", finding.severity.rawValue)
            text.member("level", finding.level)
            text.member("previous_level", change.previousLevel)
            text.member("value", finding.value)
            text.member("condition", rule.condition)
            text.member("summary", finding.summary)
            text.member("since", change.state.since.description)
            text.member("details", finding.details)
        }
        let word = isOver ? "resolved" : finding.severity.rawValue
        return AlertEvent(
            id: UUIDv7.mint(at: now),
            type: change.kind.rawValue,
            at: now,
            rule: rule.name,
            subject: finding.subject,
            severity: isOver ? .info : finding.severity,
            title: "[\(word)] \(rule.name): \(finding.subject)",
            text: finding.summary,
            data: JSONDocument(raw: text.bytes),
            isMuted: isMuted
        )
    }

    /// What `easel alert test` sends.
    package static func test(by name: String, now: Timestamp) -> AlertEvent {
        let sentence = "A test of Easel's alerts. Nothing is wrong."
        return AlertEvent(
            id: UUIDv7.mint(at: now),
            type: AlertEvent.testType,
            at: now,
            rule: "test",
            subject: "test",
            severity: .info,
            title: "[test] Easel alerts",
            text: sentence,
            data: ["summary": .string(sentence), "asked_for_by": .string(name)]
        )
    }

    // MARK: - Forms

    /// The body of a webhook: `{type, timestamp, data}` as Standard Webhooks has it, the same bytes at every try.
    package static func webhook(_ event: AlertEvent) -> [UInt8] {
        var text = JSONText()
        text.object { text in
            text.member("type", event.type)
            text.member("timestamp", event.at.description)
            text.member("data", event.data)
        }
        return text.bytes
    }

    /// What Slack's incoming webhooks take, and those who imitate them.
    package static func slack(_ event: AlertEvent) -> [UInt8] {
        let isTable = event.type == AlertEvent.reportType
        let shown = shortened(escaped(event.text))
        let body = isTable ? "```\n\(shown)\n```" : shown
        var text = JSONText()
        func block(_ text: inout JSONText, _ type: String, _ content: (inout JSONText) -> Void) {
            text.object { text in
                text.member("type", type)
                content(&text)
            }
        }
        text.object { text in
            // What notifications show, and clients without blocks.
            text.member("text", escaped(isTable ? event.title : "\(event.title). \(event.text)"))
            text.key("blocks")
            text.array([0, 1, 2]) { text, index in
                switch index {
                case 0:
                    block(&text, "header") { text in
                        text.key("text")
                        text.object { text in
                            text.member("type", "plain_text")
                            text.member("text", String(event.title.prefix(150)))
                        }
                    }
                case 1:
                    block(&text, "section") { text in
                        text.key("text")
                        text.object { text in
                            text.member("type", "mrkdwn")
                            text.member("text", body)
                        }
                    }
                default:
                    block(&text, "context") { text in
                        text.key("elements")
                        text.array([0]) { text, _ in
                            text.object { text in
                                text.member("type", "mrkdwn")
                                text.member(
                                    "text",
                                    escaped("Easel, \(LocalTime.utc.text(event.at)) UTC, \(event.type)")
                                )
                            }
                        }
                    }
                }
            }
        }
        return text.bytes
    }

    /// A section holds 3,000 characters, as Slack counts them after escaping.
    private static func shortened(_ escaped: String) -> String {
        let limit = 2900
        guard escaped.unicodeScalars.count > limit else { return escaped }
        var text = String(String.UnicodeScalarView(escaped.unicodeScalars.prefix(limit)))
        // Not within an escape: the longest has five characters.
        if let start = text.suffix(5).lastIndex(of: "&"), !text[start...].contains(";") {
            text = String(text[..<start])
        }
        return text + "\n..."
    }

    /// The three characters that Slack's markup wants escaped.
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// A message of RFC 5322 with lines ended by CRLF. The text goes as base64, which passes every mail server as it is.
    package static func mail(_ event: AlertEvent, from: String, to: [String]) -> [UInt8] {
        let domain = from.split(separator: "@").last.map { $0.filter { $0 != ">" } } ?? "localhost"
        let body = "\(event.title)\n\n\(event.text)\n\n-- \nEasel, \(event.type), rule \(event.rule)\n"
        let encoded = Data(body.replacing("\n", with: "\r\n").utf8).base64EncodedString()
        var lines = [
            "From: \(headerText(from))", "To: \(headerText(to.joined(separator: ", ")))",
            "Subject: \(encodedWords(event.title))", "Date: \(event.at.internetDate) +0000",
            "Message-ID: <\(event.id.text)@\(headerText(String(domain)))>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
            // No answers by machines that are on holiday (RFC 3834).
            "Auto-Submitted: auto-generated", "X-Easel-Event: \(event.type)", "",
        ]
        var rest = encoded[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(76)))
            rest = rest.dropFirst(76)
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// Nothing in a name may begin a header of its own.
    private static func headerText(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) })
    }

    /// A header's text in words of RFC 2047 where it is not plain ASCII, each at most 75 characters.
    private static func encodedWords(_ text: String) -> String {
        let clean = headerText(text)
        if clean.utf8.allSatisfy({ (32...126).contains($0) }), clean.utf8.count < 200 { return clean }
        var words: [String] = []
        var chunk = ""
        for character in clean.prefix(200) {
            if chunk.utf8.count + character.utf8.count > 42 {
                words.append(chunk)
                chunk = ""
            }
            chunk.append(character)
        }
        if !chunk.isEmpty { words.append(chunk) }
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
