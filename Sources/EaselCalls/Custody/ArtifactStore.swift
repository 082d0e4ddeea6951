package import EaselBase
import EaselCore
import Foundation

/// Keeps copies of result images before the providers' links expire, and gives out signed links to them.
///
/// A link carries its own permission: its expiry and an HMAC over path and expiry, so that a browser can show the image
/// without a key.
package struct ArtifactStore: Sendable {
    package let directory: String
    package let retention: Duration
    private let secret: [UInt8]

    /// Creates the directory and the secret that links are signed with (mode 0600) where they are missing.
    package init(dataDirectory: String, retention: Duration) throws {
        directory = dataDirectory + "/artifacts"
        self.retention = retention
        try PrivateFiles.makeFolder(directory)
        secret = try SecretFile.readOrCreate(dataDirectory + "/artifact-secret") { Hex.encode(Crypto.randomBytes(32)) }
    }

    /// `2026-11-21/CALL-1.jpg`: one folder per day, so that old ones are removed as a whole.
    static func path(callID: UUID, ordinal: Int, format: ImageFormat) -> String {
        let day = (UUIDv7.moment(of: callID) ?? Timestamp(microseconds: 0)).description.prefix(10)
        return "\(day)/\(callID.text)-\(ordinal).\(format.fileExtension)"
    }

    /// Writes an image. Blocking: to be called off the event loops.
    func write(_ bytes: [UInt8], to path: String) throws {
        let file = directory + "/" + path
        let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
        if !FileManager.default.fileExists(atPath: folder) {
            try PrivateFiles.makeFolder(folder)
        }
        // Written to another name and renamed, so that a reader never sees half an image.
        let temporary = file + ".part"
        try RawFile.write(bytes, to: temporary)
        try RawFile.rename(temporary, file)
    }

    /// The bytes behind the path of a signed link; nil if they are gone.
    package func read(_ path: String) -> [UInt8]? {
        guard Self.isSound(path), let data = FileManager.default.contents(atPath: directory + "/" + path) else {
            return nil
        }
        return [UInt8](data)
    }

    /// The link's path and query, good until `expiry`.
    package func signedPath(_ path: String, expiry: Timestamp) -> String {
        let seconds = expiry.secondsSince1970
        return "/v1/artifacts/\(path)?exp=\(seconds)&sig=\(signature(path, seconds))"
    }

    /// Whether a link was issued by us and has not expired.
    package func permits(_ path: String, expiry: String, signature given: String, now: Timestamp) -> Bool {
        guard Self.isSound(path), let seconds = Int64(expiry), seconds > now.secondsSince1970 else { return false }
        return Crypto.equalInConstantTime(Array(signature(path, seconds).utf8), Array(given.utf8))
    }

    /// Removes folders of days that are past the retention. Blocking.
    package func purge(now: Timestamp) {
        let oldest = String((now - retention - .seconds(86_400)).description.prefix(10))
        for day in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        where day.count == 10 && day < oldest {
            try? FileManager.default.removeItem(atPath: directory + "/" + day)
        }
    }

    /// How much is kept. Blocking: it looks at every file.
    package var bytes: Int {
        var total = 0
        for day in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            let folder = directory + "/" + day
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                var entry = stat()
                if lstat(folder + "/" + name, &entry) == 0 { total += Int(entry.st_size) }
            }
        }
        return total
    }

    private func signature(_ path: String, _ expirySeconds: Int64) -> String {
        String(Hex.encode(Crypto.hmacSHA256(Array("\(path)|\(expirySeconds)".utf8), key: secret)).prefix(32))
    }

    /// A day, a slash, a file name: no path traversal.
    private static func isSound(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts.contains { $0.isEmpty || $0.hasPrefix(".") }
            && path.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 92 }
    }
}

/// This machine's secret in its own file, readable by its owner only.
package enum SecretFile {
    package static func readOrCreate(_ path: String, make: () -> String) throws -> [UInt8] {
        if let data = FileManager.default.contents(atPath: path), !data.isEmpty {
            return Array(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8)
        }
        let text = make()
        try RawFile.write(Array((text + "\n").utf8), to: path)
        return Array(text.utf8)
    }
}

/// Files readable by their owner only (0600), by plain system calls, with the system's own error message.
enum RawFile {
    struct Failure: Error, Explained {
        let sentence: String
    }

    static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return Foundation.write(descriptor, base + written, bytes.count - written)
            }
            guard count > 0 else { throw failure("write", path) }
            written += count
        }
    }

    static func rename(_ old: String, _ new: String) throws(Failure) {
        guard Foundation.rename(old, new) == 0 else { throw failure("rename", old) }
    }

    private static func failure(_ act: String, _ path: String) -> Failure {
        Failure(sentence: "cannot \(act) \(path): \(SystemError.last.sentence)")
    }
}
