// One remix from a Swift program: Ideogram is asked first, and Runware where it fails.
//
//     IDEOGRAM_API_KEY=... RUNWARE_API_KEY=... swift run remix-example photo.jpg "the same scene as a woodcut print"
import Easel
import Foundation

@main struct RemixExample {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let environment = ProcessInfo.processInfo.environment
        guard arguments.count == 3, let image = FileManager.default.contents(atPath: arguments[1]) else {
            print("usage: remix-example IMAGE PROMPT")
            exit(2)
        }
        let easel = try await Easel(
            .init(
                providers: [
                    .ideogram(key: environment["IDEOGRAM_API_KEY"] ?? "", baseURL: environment["IDEOGRAM_URL"]),
                    .runware(key: environment["RUNWARE_API_KEY"] ?? "", baseURL: environment["RUNWARE_URL"]),
                ],
                ledger: .memory(budget: 5)
            )
        )
        do {
            let reply = try await easel.remix(.init(arguments[2], image: .bytes(image)))
            for image in reply.images {
                print("\(image.width ?? 0)x\(image.height ?? 0), \(image.bytes?.count ?? 0) bytes")
            }
            print("\(reply.provider ?? "nobody") for \(reply.cost) (\(reply.cost.basis))")
            for attempt in reply.attempts { print("\(attempt.provider): \(attempt.reason), \(attempt.cost)") }
        } catch {
            print("\(error.code): \(error)")
        }
        await easel.shutdown()
    }
}
