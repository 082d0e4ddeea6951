import EaselBase
import EaselTransport
import Foundation

/// A request that costs money. However it ends here, by an interruption or a lost connection, its call goes on; so it
/// carries an idempotency key by which it is found again and is not paid twice.
struct PaidRequest: Sendable {
    let client: APIClient
    let key: String

    /// - Parameter key: the caller's own, or nil for a new one.
    init(_ client: APIClient, key: String?) {
        self.client = client
        self.key = key ?? "cli-\(UUIDv7.mint(at: TimeSource.system.now).text)"
    }

    private enum Ending: Sendable {
        case answered([UInt8])
        case failed(any Error)
        case interrupted(Int32)
    }

    /// Sends it and waits for the answer, or for a signal.
    func post(_ path: String, body: [UInt8], type: String, isAsync: Bool) async throws -> [UInt8] {
        let fields = [("Idempotency-Key", key)] + (isAsync ? [("Prefer", "respond-async")] : [])
        let signals = Signals.stream([SIGINT, SIGTERM, SIGHUP])
        let ending = await withTaskGroup(of: Ending?.self) { group in
            group.addTask {
                for await signal in signals { return .interrupted(signal) }; return nil
            }
            group.addTask {
                do {
                    return .answered(try await client.post(path, body: body, type: type, fields: fields))
                } catch {
                    return .failed(error)
                }
            }
            var ending: Ending?
            while ending == nil, let next = await group.next() { ending = next }
            group.cancelAll()
            return ending
        }
        switch ending {
        case .answered(let answer): return answer
        case .failed(let error as CommandFailure) where error.isOutcomeUnknown:
            throw CommandFailure("\(error.message)\n\(await whereabouts())", code: error.code)
        case .failed(let error): throw error
        case .interrupted(let signal):
            throw CommandFailure("interrupted\n\(await whereabouts())", code: 128 + signal)
        case nil: throw CommandFailure("interrupted\n\(await whereabouts())")
        }
    }

    /// What became of the call, and how to come by its answer. Asks for a moment: it may just be being admitted.
    private func whereabouts() async -> String {
        let again = "the same command with --idempotency-key \(key) gets its answer, and pays nothing twice"
        for _ in 0..<5 {
            if let id = await callID() {
                return """
                    the call continues, and is charged: call \(id)
                      `easel calls show \(id)` shows its state
                      `easel calls download \(id)` saves its images when it has ended
                      \(again)
                    """
            }
            try? await Task.sleep(for: .milliseconds(300))
        }
        return """
            Easel does not know the call yet, or does not answer; if it accepts the call, the call continues and is charged
              `easel calls list -n 5` shows it
              \(again)
            """
    }

    private func callID() async -> String? {
        let query = [("idempotency_key", String?.some(key))]
        guard let body = try? await client.get("/v1/calls", query: query, timeout: .seconds(3)) else { return nil }
        return (try? JSON.decode(JSONValue.self, from: body))?["calls"]?.arrayValue?.first?["id"]?.stringValue
    }
}
