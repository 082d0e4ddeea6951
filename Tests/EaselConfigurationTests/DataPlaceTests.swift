import EaselConfiguration
import Foundation
import Testing

/// Whoever looks at the database needs to know where it is, and nothing else of a configuration.
struct DataPlaceTests {
    private func place(_ text: String) throws(ConfigurationError) -> DataPlace {
        let path = NSTemporaryDirectory() + "easel-place-\(UUID().uuidString)"
        defer { unlink(path) }
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
            throw ConfigurationError(faults: [])
        }
        return try Configuration.dataPlace(path: path, environment: [:], kinds: Fixtures.kinds)
    }

    @Test
    func `the example file tells it without any key`() throws {
        #expect(try place(Configuration.example(kinds: Fixtures.kinds)).dataDirectory == ".easel")
        let other = try place("data_dir: here\nproviders: {}\nrouting: { default: nowhere }\ncolour: red\n")
        #expect(other.dataDirectory == "here" && other.database.url == nil)
    }

    @Test(arguments: [
        ("data_dir: [a]\nproviders: {}\n", "data_dir"), ("database: { url: ftp://x }\n", "database.url"),
        ("database: { url: \"${NOT_SET_HERE}\" }\n", "NOT_SET_HERE"), ("a: [\n", "not valid YAML"),
    ])
    func `what concerns it is named`(_ text: String, _ part: String) {
        let error = #expect(throws: ConfigurationError.self) { try place(text) }
        #expect(error?.report.contains(part) == true, "\(error?.report ?? "")")
        #expect(error?.report.contains("providers") == false)
    }

    @Test
    func `a missing variable is told apart from a wrong setting`() {
        do throws(ConfigurationError) {
            _ = try Configuration.parse(
                text: Configuration.example(kinds: Fixtures.kinds),
                file: "easel.yaml",
                environment: [:],
                kinds: Fixtures.kinds
            )
            Issue.record("the keys are missing")
        } catch {
            #expect(error.faults.map(\.variable) == ["RUNWARE_API_KEY", "IDEOGRAM_API_KEY"])
        }
    }
}
