import EaselBase
import Foundation

/// The key that a command shows, and where it came from; or why there is none.
struct APIKey: Sendable {
    /// Nil: there is none, and `trouble` says why.
    let text: String?
    /// As a sentence names it: `EASEL_API_KEY`, `--api-key-file key.txt`, `.easel/admin-key`.
    let source: String
    let trouble: String?

    /// An option first, then the environment, then the admin key of a data directory. What cannot be a key is told here,
    /// before anything is sent, and never repeated (S2).
    static func find(file: String?, environment: [String: String], directory: String) throws -> APIKey {
        if let file {
            let bytes = try InputFile.bytes(file, atMost: sizeLimit)
            return try APIKey(bytes, source: "--api-key-file \(file)", named: "the key file \(file)")
        }
        if let value = environment["EASEL_API_KEY"], !value.allSatisfy(\.isWhitespace) {
            return try APIKey(Array(value.utf8), source: "EASEL_API_KEY", named: "EASEL_API_KEY")
        }
        let path = directory + "/admin-key"
        let bytes: [UInt8]
        do throws(InputFile.Failure) { bytes = try InputFile.bytes(path, atMost: sizeLimit) } catch {
            return APIKey(text: nil, source: path, trouble: trouble(path, error.cause))
        }
        return try APIKey(bytes, source: path, named: path)
    }

    private static let sizeLimit = 64 << 10

    init(text: String?, source: String, trouble: String? = nil) {
        self.text = text
        self.source = source
        self.trouble = trouble
    }

    private init(_ bytes: [UInt8], source: String, named name: String) throws {
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if let fault = Self.fault(of: text) { throw CommandFailure("\(name) \(fault)", code: ExitCode.usage) }
        self.init(text: text, source: source)
    }

    /// Why a text cannot be a key; nil where it can.
    private static func fault(of text: String) -> String? {
        if text.isEmpty { return "is empty; write the key into it" }
        let lines = text.split(whereSeparator: \.isNewline).count
        if lines > 1 { return "holds \(lines) lines and so no key: a key is one line that begins with esl_" }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "holds no key: there is a space or a character outside ASCII in it"
        }
        return text.utf8.count > 4096 ? "holds no key: it is too long for one" : nil
    }

    private static func trouble(_ path: String, _ cause: SystemError) -> String {
        guard cause.code == ENOENT || cause.code == ENOTDIR else {
            return "no key: \(path) cannot be read: \(cause.sentence). Run this as the user that Easel runs as, set "
                + "EASEL_API_KEY, or use --api-key-file"
        }
        return
            "no key: there is no \(path). Set EASEL_API_KEY, use --api-key-file, or name the gateway's data directory "
            + "with --data-dir"
    }
}
