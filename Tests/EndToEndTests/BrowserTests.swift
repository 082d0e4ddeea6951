import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

/// What the tests in a browser need from others.
private enum BrowserTools {
    static func has(_ package: String) -> Bool {
        Python.folder.map { FileManager.default.fileExists(atPath: "\($0)/\(package)") } ?? false
    }

    /// Whether there is a chromium that starts: where a machine gives it no namespaces or no memory it ends at once.
    static let hasChromium: Bool = {
        let browser = Process()
        browser.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        browser.arguments = [
            "timeout", "60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--dump-dom", "about:blank",
        ]
        browser.standardInput = FileHandle.nullDevice
        browser.standardOutput = FileHandle.nullDevice
        browser.standardError = FileHandle.nullDevice
        guard (try? browser.run()) != nil else { return false }
        browser.waitUntilExit()
        return browser.terminationStatus == 0
    }()
}

/// The built-in page in a browser, as `Tests/Page/page.py` looks at it: every view in both themes and several widths, by
/// keyboard, with hostile words, as a member, and with what admins do. Pictures of every view stay in `out/page`.
@Suite(
    .enabled(if: Program.path != nil, "the executable was not built beside the tests"),
    .enabled(if: BrowserTools.has("playwright"), "the Python package playwright could not be fetched"),
    .enabled(
        if: BrowserTools.has("axe_playwright_python"),
        "the Python package axe-playwright-python could not be fetched"
    ),
    .enabled(if: BrowserTools.hasChromium, "there is no chromium that starts")
)
struct BrowserTests {
    @Test(.timeLimit(.minutes(15)))
    func `every view with real data, in a browser`() async throws {
        try await ProgramHouse.with { house in
            // Somebody to be told, so that rules are watched; nobody answers there.
            let alerts = """

                alerts:
                  destinations:
                    ops: { kind: webhook, url: "http://127.0.0.1:9/", secret: a-secret-of-this-test }
                  rules:
                    - { name: budgets, on: budget, at: [80, 100], to: ops }
                    - { name: nsfw, on: nsfw_rate, above: 1%, window: 1h, min: 1, by: team, to: ops }

                """
            try Data((Program.text(house.configuration) + alerts).utf8)
                .write(to: URL(fileURLWithPath: house.configuration))
            let served = try await Served(configuration: house.configuration)
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let outcome = try await Program.run(
                "/usr/bin/env",
                [
                    "python3", "\(root)/Tests/Page/page.py", "--url", served.url, "--key", ProgramHouse.adminKey,
                    "--out", "\(root)/out/page",
                ] + (Effort.isFull ? ["--full"] : []),
                environment: ["PYTHONPATH": try #require(Python.folder)]
            )
            #expect(outcome.status == 0, "\(outcome.output.suffix(12_000))\n\(outcome.errors.suffix(2000))")
            #expect(await served.terminate() == 0)
        }
    }
}
