import EaselConfiguration
import EaselCore
import EaselProviders
import Foundation

/// The smallest configuration that stands, for tests that add one thing to it.
enum Fixtures {
    static let environment = [
        "RUNWARE_API_KEY": "runware-secret", "IDEOGRAM_API_KEY": "ideogram-secret", "EMPTY": "", "PORT": "9000",
        "SPACED": "two words",
    ]

    static let example = Configuration.example(kinds: kinds)
    static let kinds = ProviderRegistry.standard.profiles

    static let providers = """
        providers:
          runware: { kind: runware, api_key: rw-1 }
          ideogram: { kind: ideogram, api_key: id-1 }

        """

    static func parse(_ text: String) throws(ConfigurationError) -> Configuration {
        try Configuration.parse(text: text, file: "easel.yaml", environment: environment, kinds: kinds)
    }

    /// The faults of a text, each without the file's name: `LINE:COL: key.path: sentence`.
    static func faults(_ text: String) -> [String] {
        do throws(ConfigurationError) {
            _ = try parse(text)
            return []
        } catch {
            return error.faults.map { String($0.description.dropFirst("easel.yaml:".count)) }
        }
    }

    /// A file that is gone when the test process ends with its temporary folder.
    static func file(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "easel-configuration-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }
}
