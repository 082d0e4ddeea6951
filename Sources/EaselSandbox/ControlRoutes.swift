import EaselBase

/// `/sandbox/...`: what tests and people ask of the sandbox itself. No key is needed.
///
/// | request | does |
/// |---|---|
/// | `GET /sandbox/billing` | the providers' own books: `{"entries": [...], "total_usd": "..."}` |
/// | `GET /sandbox/requests` | counts, and the last requests |
/// | `PUT /sandbox/faults` | replaces the fault rules |
/// | `POST /sandbox/reset` | forgets tasks, books and journal; the first fault rules again |
enum ControlRoutes {
    static func answer(_ call: SandboxCall, _ sandbox: Sandbox) async -> SandboxReply {
        let context = sandbox.context
        switch (call.method, call.path) {
        case ("GET", "/billing"): return .json(context.billing.json)
        case ("GET", "/requests"): return .json(context.journal.json)
        case ("POST", "/reset"):
            await sandbox.reset()
            return .json(["reset": true])
        case ("PUT", "/faults"):
            do {
                let rules = try FaultRule.list(
                    from: try JSON.decode(JSONValue.self, from: call.body),
                    providers: sandbox.kinds
                )
                try await sandbox.setFaults(rules)
                return .json(["rules": .integer(rules.count)])
            } catch let error as FaultRuleError {
                return .json(["error": .string(error.message)], status: 400)
            } catch is DecodingError {
                return .json(["error": "the body is not valid JSON"], status: 400)
            } catch {
                return .json(["error": .string(sentence(for: error))], status: 500)
            }
        default: return .json(["error": "there is no such control route"], status: 404)
        }
    }
}
