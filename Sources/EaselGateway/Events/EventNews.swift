import EaselBase
import EaselCore

/// How a provider stands at this gateway, as far as a change is news.
struct ProviderNews: Sendable, Hashable {
    let name: String
    let kind: ProviderKind
    let state: ProviderState
    let breaker: Breaker.Phase
    let reason: String?
}

/// An alert that fires, or does no more.
struct AlertNews: Sendable, Hashable {
    let state: AlertState
    let mutedUntil: Timestamp?

    init(_ state: AlertState, _ mutes: [AlertMute], at moment: Timestamp) {
        var state = state
        // That it was looked at again is no news.
        state.updatedAt = state.since
        state.calmSince = nil
        self.state = state
        mutedUntil = mutes.first { $0.covers(state.rule, state.finding.subject, at: moment) }?.until
    }
}

extension EventBroadcast.News {
    /// A call that has ended, or whose cost is another one by now.
    static func call(_ call: EndedCall) -> Self {
        Self(
            kind: .call,
            audience: .team(call.teamID),
            at: call.settledAt,
            json: JSONText.bytes(of: CallText(call: call))
        )
    }

    static func budget(_ standing: BudgetStanding, at moment: Timestamp) -> Self {
        let team = standing.budget.teamID
        return Self(
            kind: .budget,
            audience: team == 0 ? .admins : .team(team),
            at: moment,
            json: JSONText.bytes(of: BudgetFigures(standing, at: moment))
        )
    }

    static func provider(_ news: ProviderNews, at moment: Timestamp) -> Self {
        var text = JSONText()
        text.object { text in
            text.member("name", news.name)
            text.member("kind", news.kind.rawValue)
            text.member("state", news.state.rawValue)
            text.member("breaker", news.breaker.rawValue)
            text.member("reason", news.reason)
        }
        return Self(kind: .provider, audience: .everyone, at: moment, json: text.bytes)
    }

    static func alert(_ news: AlertNews, at moment: Timestamp) -> Self {
        var text = JSONText()
        AlertText.write(news.state, mutedUntil: news.mutedUntil, to: &text)
        return Self(kind: .alert, audience: .admins, at: moment, json: text.bytes)
    }
}

private struct CallText: JSONWritable {
    let call: EndedCall

    func write(to text: inout JSONText) {
        text.object { text in
            text.member("id", call.callID.text)
            text.member("team", call.team)
            text.member("status", call.status.rawValue)
            text.member("model", call.model.rawValue)
            text.member("provider", call.provider)
            text.member("cost_usd", call.cost?.usd)
            text.member("images", call.images)
            text.member("latency_ms", call.latencyMs)
            text.member("received_at", call.receivedAt.description)
            text.member("ended_at", call.settledAt.description)
            text.member("nsfw", call.hasNSFW)
            text.member("copyright", call.hasCopyright)
            text.member("failovers", call.failover ? 1 : 0)
        }
    }
}
