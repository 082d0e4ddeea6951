import EaselBase
import EaselConfiguration
import EaselCore
import EaselReporting
import EaselTransport
import Foundation

/// Sends alerts to where the configuration says.
struct AlertPost: AlertSender {
    private static let timeout = Duration.seconds(10)
    /// Answers are only looked at for their status.
    private static let mostOfAnAnswer = 64 << 10

    private let addresses: [String: AlertSettings.Address]
    private let client: HTTPClient
    private let mail = MailClient()
    private let time: TimeSource

    init(_ settings: AlertSettings, client: HTTPClient, time: TimeSource = .system, log: Log) {
        addresses = settings.addresses
        self.client = client
        self.time = time
        for (name, address) in addresses {
            guard case .webhook(_, let secret) = address, !WebhookSigner(secret: secret.reveal()).isLongEnough else {
                continue
            }
            log.warning(
                "the secret of a webhook is short: Standard Webhooks wants at least 24 random bytes",
                ["destination": name]
            )
        }
    }

    func send(_ delivery: AlertDelivery) async -> DeliveryOutcome {
        switch addresses[delivery.destination] {
        case .webhook(let url, let secret):
            let body = AlertMessage.webhook(delivery.event)
            // The time is that of this try: receivers refuse old ones, so that nobody can send them again.
            let signed = WebhookSigner(secret: secret.reveal())
                .fields(id: "msg_\(delivery.event.id.text)", at: time.now, body: body)
            return await post(url, body, signed)
        case .slack(let url): return await post(url, AlertMessage.slack(delivery.event), [])
        case .email(let mail): return await send(delivery.event, mail)
        case nil:
            return .failed(
                reason: "the configuration has no such destination",
                status: nil,
                retryAfter: nil,
                isFinal: true
            )
        }
    }

    private func post(_ url: Secret, _ body: [UInt8], _ fields: [(String, String)]) async -> DeliveryOutcome {
        var all = HTTPFields([("Content-Type", "application/json")])
        for (name, value) in fields { all.add(name, value) }
        let request = HTTPRequest(
            method: "POST",
            url: url.reveal(),
            fields: all,
            body: body,
            timeouts: HTTPTimeouts(connect: .seconds(5), total: Self.timeout),
            maxResponseBytes: Self.mostOfAnAnswer
        )
        let response: HTTPResponse
        do {
            response = try await client.execute(request)
        } catch {
            let reason = error.sentence
            return .failed(reason: reason, status: nil, retryAfter: nil, isFinal: error.kind == .badURL)
        }
        switch response.status {
        case 200..<300: return .delivered(status: response.status)
        default:
            return .failed(
                reason: "the receiver answered \(response.status)",
                status: response.status,
                retryAfter: response.fields.retryAfter(atMost: .seconds(86_400)),
                // 410: the receiver wants nothing any more (Standard Webhooks).
                isFinal: response.status == 410
            )
        }
    }

    private func send(_ event: AlertEvent, _ settings: AlertSettings.Mail) async -> DeliveryOutcome {
        do {
            try await mail.send(
                MailRequest(
                    server: settings.server,
                    from: settings.from,
                    to: settings.to,
                    user: settings.user,
                    password: settings.password?.reveal(),
                    message: AlertMessage.mail(event, from: settings.from, to: settings.to),
                    timeout: Self.timeout
                )
            )
            return .delivered(status: nil)
        } catch {
            return .failed(
                reason: error.detail,
                status: error.status,
                retryAfter: nil,
                isFinal: error.isPermanent
            )
        }
    }
}

extension AlertDaemon {
    /// The daemon of a configuration; nil where nobody is to be told of anything.
    static func make(
        _ settings: AlertSettings,
        database: any AlertStore & Ledger,
        client: HTTPClient,
        holder: UUID,
        log: Log
    ) -> AlertDaemon? {
        guard !settings.plan.destinations.isEmpty else { return nil }
        return AlertDaemon(
            plan: settings.plan,
            store: database,
            ledger: database,
            sender: AlertPost(settings, client: client, log: log),
            holder: holder,
            log: log
        )
    }
}
