import EaselBase
import EaselCore
import EaselGateway
import EaselTransport
import Foundation
import Testing
import TestTools

/// Events as they come over the wire, from one gateway and from two.
@Suite struct EventTests {
    private struct Event {
        var id = ""
        var name = ""
        var data = JSONValue.null
    }

    /// What an event stream says (HTML, 9.2.6), comments left out.
    private func events(_ answer: Answer) -> [Event] {
        String(decoding: answer.body, as: UTF8.self).components(separatedBy: "\n\n").compactMap { block in
            var event = Event()
            for line in block.split(separator: "\n") {
                guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { continue }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                switch line[..<colon] {
                case "id": event.id = String(value)
                case "event": event.name = String(value)
                case "data": event.data = (try? JSON.decode(JSONValue.self, from: Array(value.utf8))) ?? .null
                default: break
                }
            }
            return event.name.isEmpty ? nil : event
        }
    }

    private func listen(
        _ house: House,
        _ query: String = "seconds=5",
        key: String? = House.adminKey,
        fields: [(String, String)] = []
    ) -> Task<Answer, any Error> {
        Task { try await house.send("GET", "/v1/events?\(query)", key: key, fields: fields) }
    }

    @Test func `a call is heard by its team and by admins`() async throws {
        try await House.with { house in
            let design = try await house.key(team: "design").key
            let finance = try await house.key(team: "finance").key
            _ = try await house.send(
                "PUT",
                "/v1/budgets",
                fields: [("Content-Type", "application/json")],
                body: Array(#"{"scope":"team:design","period":"month","limit_usd":"5"}"#.utf8)
            )
            let listeners = [
                listen(house, key: design), listen(house, key: finance), listen(house),
                listen(house, "seconds=5&team=finance"),
            ]
            try await Task.sleep(for: .milliseconds(1500))
            let call = try await house.remix(key: design)
            var heard: [[Event]] = []
            for listener in listeners {
                let answer = try await listener.value
                #expect(answer.status == 200 && answer.fields["Content-Type"] == "text/event-stream")
                #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("retry: 3000\n\n"))
                heard.append(events(answer))
            }
            let calls = heard.map { $0.filter { $0.name == "call" } }
            #expect(calls.map(\.count) == [1, 0, 1, 0])
            let told = try #require(calls[0].first)
            #expect(told.data["id"]?.stringValue == call.id && told.data["team"]?.stringValue == "design")
            #expect(
                told.data["status"]?.stringValue == "succeeded" && told.data["provider"]?.stringValue == call.provider
            )
            #expect(told.data["cost_usd"]?.stringValue == call["cost_usd"]?.stringValue)
            #expect(told.data["ended_at"]?.stringValue.flatMap { Timestamp($0) } != nil)
            #expect(told.data["nsfw"] == .bool(false) && told.data["failovers"]?.intValue == 0)
            #expect(!told.id.isEmpty)
            let budgets = heard.map { $0.filter { $0.name == "budget" }.count }
            #expect(budgets[0] > 0 && budgets[1] == 0 && budgets[2] > 0 && budgets[3] == 0)
            // A member cannot ask for another team's.
            #expect(try await house.get("/v1/events?team=design", key: finance).code == "forbidden")
            #expect(try await house.get("/v1/events?team=nobody").faults == ["team"])
        }
    }

    @Test func `one who comes again goes on where it was, at another gateway too`() async throws {
        try await House.with { house in
            let first = listen(house, "seconds=4")
            try await Task.sleep(for: .milliseconds(500))
            let one = try await house.remix().id
            let heard = events(try await first.value).filter { $0.name == "call" }
            #expect(heard.map { $0.data["id"]?.stringValue } == [one])
            let id = try #require(heard.first?.id)
            let two = try await house.remix().id
            let again = try await listen(house, "seconds=3", fields: [("Last-Event-ID", id)]).value
            #expect(events(again).filter { $0.name == "call" }.map { $0.data["id"]?.stringValue } == [two])
            var plan = House.Plan()
            plan.connectionString = house.connectionString
            let other = try await House(plan)
            // Both: what is near in time is told again.
            let there = try await listen(other, "seconds=3&last_event_id=\(id)").value
            let told = events(there).filter { $0.name == "call" }.compactMap { $0.data["id"]?.stringValue }
            #expect(told.contains(two) && Set(told).isSubset(of: [one, two]))
            for old in ["1-1-1000000", "nonsense"] {
                let lost = events(try await listen(other, "seconds=1", fields: [("Last-Event-ID", old)]).value)
                #expect(lost.first?.name == "reset")
            }
            await other.gateway.shutDown()
            await other.close()
        }
    }

    @Test func `a key that is revoked hears no more`() async throws {
        try await House.with { house in
            let (key, id) = try await house.key(team: "design")
            let listener = listen(house, "seconds=60", key: key)
            try await Task.sleep(for: .milliseconds(500))
            let began = SteadyInstant.now
            _ = try await house.send("DELETE", "/v1/keys/\(id)")
            #expect(try await listener.value.status == 200)
            #expect(SteadyInstant.now.since(began) < .seconds(40))
        }
    }

    @Test func `a gateway that stops waits for no listener`() async throws {
        try await House.with { house in
            let listeners = (0..<5).map { _ in listen(house, "seconds=60") }
            try await Task.sleep(for: .milliseconds(500))
            let began = SteadyInstant.now
            await house.gateway.shutDown()
            #expect(SteadyInstant.now.since(began) < .seconds(10))
            for listener in listeners { #expect(try await listener.value.status == 200) }
        }
    }
}
