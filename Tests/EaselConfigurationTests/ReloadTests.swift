import EaselBase
import EaselConfiguration
import EaselCore
import Testing

@Suite("Configurations loaded anew")
struct ReloadTests {
    @Test func `what wants a restart stays as it was and is named, the rest is taken`() throws {
        let old = try Fixtures.parse(Fixtures.providers)
        let new = try Fixtures.parse(
            Fixtures.providers + """
                listen: 127.0.0.1:9999
                data_dir: elsewhere
                database: { url: "postgresql://h/d" }
                limits: { connections: 5, image_bytes: 1MiB }
                artifacts: { store: none }
                retention: { log: 400d }
                shutdown_delay: 7s
                logging: { level: debug }
                """
        )
        let reloaded = old.reloading(new)
        #expect(
            reloaded.waiting == ["listen", "data_dir", "database.url", "limits.connections", "artifacts", "retention"]
        )
        let made = reloaded.configuration
        #expect(made.listen == old.listen && made.dataDirectory == old.dataDirectory && made.database.url == nil)
        #expect(made.limits.connections == old.limits.connections && made.limits.imageBytes == 1 << 20)
        #expect(made.shutdownDelay == .seconds(7) && made.logging.level == .debug)
        #expect(reloaded.renewed.isEmpty)
        #expect(old.reloading(old).waiting.isEmpty)
    }

    @Test func `a provider with another key is known anew`() throws {
        let old = try Fixtures.parse(Fixtures.providers)
        var new = old
        new.providers[0].apiKey = Secret("another")
        new.providers[1].timeout = .seconds(7)
        #expect(old.reloading(new).renewed == [old.providers[0].name])
        new.providers[1].baseURL = "http://127.0.0.1:1"
        #expect(old.reloading(new).renewed.count == 2)
    }
}

@Suite("Database URLs (S2)")
struct DatabaseURLTests {
    private func report(_ url: String) -> String? {
        do {
            _ = try Fixtures.parse(Fixtures.providers + "database: { url: \"\(url)\" }\n")
            return nil
        } catch {
            return sentence(for: error)
        }
    }

    @Test(arguments: [
        "postgresql://u:hun@ter2@h/d", "postgresql://u:hun/ter2@h/d", "postgresql://u:hun%zter2@h/d",
        "postgresql://u:hun@ter2@h:5432/d?sslmode=require", "postgresql://u@h/d?password=hun@ter2",
        "postgres://u:@hunter2@h",
        "postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2/x", "postgresql://u:hunter2@h/d?sslmode=hunter2",
        "postgresql://u:hunter2@h:70000/d", "postgresql://u:hunter2@[::1]x/d", "postgresql://u:hunter2@h/d?x",
        "postgresql://u:hunter2@[127.0.0.1:5599/d", "postgresql://u:hunter2@h]/d", "postgresql://u:hunter2@[]/d",
        "postgresql://u:hunter2@h/d?hunter2=bar", "postgresql://u:hunter2@h/d?ssl_mode=require",
    ])
    func `one that libpq would read otherwise is refused without a piece of it`(url: String) throws {
        let found = try #require(report(url))
        #expect(!found.contains("hun") && !found.contains("ter2"), "\(found)")
        #expect(found.contains("database.url"))
    }

    @Test(arguments: [
        "postgresql://h/d", "postgresql://u:p@h/d", "postgresql://u:p%40x@h:5432,[::1]:5433,k/d?sslmode=verify-full",
        "postgresql:///d?host=%2Ftmp", "postgresql://u:a:b?c#d@h/d", "postgres://u@/d?host=/tmp&port=1",
        "postgresql://[::1]/d", "postgresql://h/d?connect_timeout=5&application_name=x&ssl%6Dode=require",
    ])
    func `one that is sound is taken`(url: String) { #expect(report(url) == nil) }

    @Test(arguments: ["esl_short", "admin", "0123456789012345678901234567", "esl_0123456789012345678"])
    func `a weak admin key is a fault`(key: String) {
        #expect(throws: ConfigurationError.self) { try Fixtures.parse(Fixtures.providers + "admin_key: \"\(key)\"\n") }
    }

    @Test func `a strong one is none`() throws {
        let made = try Fixtures.parse(Fixtures.providers + "admin_key: esl_01234567890123456789\n")
        #expect(made.adminKey != nil)
    }
}
