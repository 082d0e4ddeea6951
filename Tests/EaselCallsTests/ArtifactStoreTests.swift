import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// Kept images and the links to them.
struct ArtifactStoreTests {
    private let now = SampleTrade.moment

    /// The parts of a link: path, expiry, signature.
    private func parts(_ link: String) throws -> (path: String, expiry: String, signature: String) {
        let url = try #require(URLComponents(string: link))
        func value(_ name: String) throws -> String {
            try #require(url.queryItems?.first { $0.name == name }?.value)
        }
        let path = try #require(url.path.hasPrefix("/v1/artifacts/") ? String(url.path.dropFirst(14)) : nil)
        return (path, try value("exp"), try value("sig"))
    }

    @Test func `an image comes back as it was kept`() throws {
        let directory = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let id = UUIDv7.mint(at: now)
        let path = ArtifactStore.path(callID: id, ordinal: 2, format: .webp)
        #expect(path == "\(now.description.prefix(10))/\(id.text)-2.webp")
        try store.write([1, 2, 3], to: path)
        #expect(store.read(path) == [1, 2, 3])
        try store.write([4], to: path)
        #expect(store.read(path) == [4])
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/\(path.prefix(10))").count == 1)
    }

    @Test func `what is kept is for nobody else`() throws {
        let directory = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let path = ArtifactStore.path(callID: UUIDv7.mint(at: now), ordinal: 1, format: .png)
        try store.write([1, 2, 3], to: path)
        let folder = store.directory + "/" + path.prefix(10)
        for (name, wanted) in [
            (store.directory, 0o700), (folder, 0o700), (store.directory + "/" + path, 0o600),
            (directory.path + "/artifact-secret", 0o600),
        ] {
            let mode = try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions] as? Int
            #expect(mode == wanted, "\(name)")
        }
    }

    @Test func `a link is good until it expires`() throws {
        let directory = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let link = try parts(store.signedPath("2026-01-01/x-1.jpg", expiry: now + .seconds(60)))
        func permits(at moment: Timestamp) -> Bool {
            store.permits(link.path, expiry: link.expiry, signature: link.signature, now: moment)
        }
        #expect(permits(at: now))
        #expect(permits(at: now + .seconds(59)))
        #expect(!permits(at: now + .seconds(61)))
    }

    @Test func `a link that was tampered with is refused`() throws {
        let directory = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let link = try parts(store.signedPath("2026-01-01/x-1.jpg", expiry: now + .seconds(60)))
        func permits(_ path: String, _ expiry: String, _ signature: String) -> Bool {
            store.permits(path, expiry: expiry, signature: signature, now: now)
        }
        #expect(permits(link.path, link.expiry, link.signature))
        #expect(!permits("2026-01-01/x-2.jpg", link.expiry, link.signature))
        #expect(!permits(link.path, "\((Int64(link.expiry) ?? 0) + 3600)", link.signature))
        #expect(!permits(link.path, link.expiry, String(link.signature.dropLast())))
        #expect(!permits(link.path, link.expiry, ""))
        #expect(!permits(link.path, "", link.signature))
        for index in link.signature.indices {
            var forged = link.signature
            forged.replaceSubrange(index...index, with: link.signature[index] == "0" ? "1" : "0")
            #expect(!permits(link.path, link.expiry, forged))
        }
    }

    @Test func `another gateway's link is refused, the same directory's is not`() throws {
        let directory = try TemporaryDirectory()
        let other = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let link = try parts(store.signedPath("2026-01-01/x-1.jpg", expiry: now + .seconds(60)))
        let again = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let foreign = try ArtifactStore(dataDirectory: other.path, retention: .seconds(60))
        #expect(again.permits(link.path, expiry: link.expiry, signature: link.signature, now: now))
        #expect(!foreign.permits(link.path, expiry: link.expiry, signature: link.signature, now: now))
    }

    @Test(arguments: [
        "../artifact-secret", "a/../../artifact-secret", "..", "a", "/etc/passwd", "a//b", "a/.hidden", "./a", "a/b/c",
        "a/", "/a", "a\\b/c", "a/b\u{0}", "", "a/..",
    ])
    func `no path climbs out, not even a signed one`(_ path: String) throws {
        let directory = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        #expect(store.read(path) == nil)
        let signed = store.signedPath(path, expiry: now + .seconds(60))
        let query = signed.split(separator: "?").last.map(String.init) ?? ""
        let values = query.split(separator: "&").map { String($0.drop { $0 != "=" }.dropFirst()) }
        #expect(!store.permits(path, expiry: values[0], signature: values[1], now: now))
    }

    @Test func `the secret is for its owner only`() throws {
        let directory = try TemporaryDirectory()
        _ = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(60))
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/artifact-secret")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `folders of days past the retention go`() throws {
        let directory = try TemporaryDirectory()
        let store = try ArtifactStore(dataDirectory: directory.path, retention: .seconds(2 * 86_400))
        for age in 0..<6 {
            let id = UUIDv7.mint(at: now - .seconds(Int64(age) * 86_400))
            try store.write([1], to: ArtifactStore.path(callID: id, ordinal: 1, format: .jpg))
        }
        store.purge(now: now)
        let left = try FileManager.default.contentsOfDirectory(atPath: store.directory).sorted()
        #expect(left == (0...3).reversed().map { String((now - .seconds($0 * 86_400)).description.prefix(10)) })
    }
}
