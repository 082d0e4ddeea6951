import EaselBase
import Foundation

/// Where the gateway of a data directory listens, written beside its admin key, so that commands on this machine find both.
enum LocalURL {
    private static func path(_ directory: String) -> String { directory + "/url" }

    /// A directory that takes no files is told of elsewhere.
    static func write(_ url: String, in directory: String) {
        try? OutputFile.write(Array((url + "\n").utf8), to: path(directory), mode: 0o600)
    }

    /// The gateway that listened there last; nil when none did.
    ///
    /// - Throws: when there may be one and it cannot be read.
    static func read(_ directory: String) throws(InputFile.Failure) -> String? {
        let bytes: [UInt8]
        do throws(InputFile.Failure) {
            bytes = try InputFile.bytes(path(directory), atMost: 4096)
        } catch {
            guard error.cause.code == ENOENT || error.cause.code == ENOTDIR else { throw error }
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }
}
