import EaselBase
import EaselTransport
import Foundation

/// Feeds wrong bytes to whatever reads foreign ones: requests to the server, answers to the HTTP client, bodies to the
/// readers of both providers. Nothing may crash, stall or keep memory.
///
///     fuzz [requests|replies|providers|all] [--inputs N] [--seconds S] [--seed N]
///
/// An input is made from its number alone; a finding names it: `fuzz PART --seed NUMBER --inputs 1` sends it again. The
/// time is a bound: what is not done by then is left out, and told.
@main
enum Fuzz {
    /// Growth of the process that is noise: caches, and memory that the allocator keeps.
    private static let noise_kib = 48 << 10

    private static let shares = [("requests", 3), ("replies", 4), ("providers", 3)]

    static func main() async {
        var names: [String] = []
        var inputs = 1_000_000
        var seconds = 900
        var seed = UInt64.random(in: 0..<(1 << 48))
        var words = CommandLine.arguments.dropFirst().makeIterator()
        while let word = words.next() {
            switch word {
            case "--inputs": inputs = Int(words.next() ?? "") ?? inputs
            case "--seconds": seconds = Int(words.next() ?? "") ?? seconds
            case "--seed": seed = UInt64(words.next() ?? "") ?? seed
            case "all": names = []
            case _ where shares.contains { $0.0 == word }: names.append(word)
            default:
                say("usage: fuzz [requests|replies|providers|all] [--inputs N] [--seconds S] [--seed N]")
                exit(word == "--help" ? 0 : 2)
            }
        }
        say("seed \(seed)")
        let chosen = shares.filter { names.isEmpty || names.contains($0.0) }
        let whole = chosen.reduce(0) { $0 + $1.1 }
        var passed = true
        for (name, share) in chosen {
            passed = await run(name, max(1, inputs * share / whole), seconds * share / whole, seed) && passed
        }
        say(passed ? "PASS" : "FAIL")
        exit(passed ? 0 : 1)
    }

    private static func run(_ name: String, _ inputs: Int, _ seconds: Int, _ seed: UInt64) async -> Bool {
        let part =
            switch name {
            case "requests": Parts.requests
            case "replies": Parts.replies
            default: Parts.providers
            }
        let group = EventLoopGroup(name: "fuzz", count: 2)
        let began = SteadyInstant.now
        let progress = Progress(name, seed: seed)
        progress.watch(patience_s: 30)
        do {
            // What is made once is made now.
            try await part(min(inputs, 20_000), began + .seconds(seconds), group, progress)
            let before = Memory.resident_kib
            let warm = progress.count
            try await part(inputs, began + .seconds(seconds), group, progress)
            let after = Memory.resident_kib
            progress.finish()
            let stalls = group.loops.map(\.stalls)
            await ThreadPoolExecutor.shared.run { group.shutdown() }
            let took = SteadyInstant.now.since(began)
            let summary = progress.summary
            let findings = ["STALLED", "NO HTTP", "LEFT OPEN", "IMPOSSIBLE"].filter { summary.contains($0) }
            let longest = stalls.map(\.longest).max() ?? .zero
            let isSteady = after - before < noise_kib
            say("\(name): \(progress.count - warm) of \(inputs) inputs in \(took.milliseconds / 1000) s")
            say("  ended: \(summary)")
            say("  memory: \(before / 1024) MiB after \(warm) inputs, \(after / 1024) MiB at the end")
            say(
                "  turns of an event loop over 0.1 s: \(stalls.reduce(0) { $0 + $1.count }), the longest \(longest.milliseconds) ms"
            )
            if !findings.isEmpty { say("  FOUND: \(findings.joined(separator: ", "))") }
            if !isSteady { say("  FOUND: memory grew by \((after - before) / 1024) MiB") }
            return findings.isEmpty && isSteady
        } catch {
            say("FAIL \(name): \(error)")
            return false
        }
    }
}
