import EaselBase
import EaselConfiguration
import EaselTransport

/// What an answer that is no success says to people: in the words of the command line, with its exit code.
struct APIFailure {
    /// Where it came from.
    let url: String
    let key: APIKey
    let names: WireNames

    private struct ProblemDocument: Decodable {
        struct Fault: Decodable {
            let parameter: String
            let message: String
        }
        let title: String?
        let detail: String?
        let code: String?
        let call_id: String?
        let errors: [Fault]?
    }

    /// A value that cannot be used is wrong usage, whoever finds it out (contract, section 2).
    func failure(of response: HTTPResponse) -> CommandFailure {
        guard let problem = try? JSON.decode(ProblemDocument.self, from: response.body),
            problem.code != nil || problem.detail != nil || problem.title != nil
        else { return stranger(response) }
        var lines: [String]
        switch problem.errors ?? [] {
        case let faults where faults.isEmpty:
            lines = [problem.detail ?? problem.title ?? "the server answered \(response.status)"]
            if let code = problem.code { lines[0] += " (\(code))" }
        case let faults where faults.count == 1:
            lines = faults.map { names.sentence($0.parameter, $0.message) }
        case let faults:
            lines = ["\(faults.count) values cannot be used:"]
            lines += faults.map { "  \(names.sentence($0.parameter, $0.message))" }
        }
        if let id = problem.call_id { lines.append("  call \(id): `easel calls show \(id)` shows more") }
        if response.status == 401 { lines.append("  the key came from \(key.source)") }
        let isUsage = problem.code == "invalid_request"
        return CommandFailure(lines.joined(separator: "\n"), code: isUsage ? ExitCode.usage : ExitCode.failed)
    }

    /// An answer of somebody else: another web server at this port, a proxy, a page of an older Easel.
    func stranger(_ response: HTTPResponse) -> CommandFailure {
        CommandFailure(
            "the server at \(url) is not Easel, or is a proxy that cannot reach it (status \(response.status)). "
                + "Give Easel's address with --url, or start it with `easel serve` or `easel up`."
        )
    }
}
