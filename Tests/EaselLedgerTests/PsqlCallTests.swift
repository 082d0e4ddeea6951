import EaselCore
import EaselLedger
import Testing

/// The password of a database is never among the arguments of a program, which every user sees (S2).
@Suite struct PsqlCallTests {
    @Test(arguments: [
        "postgresql://easel:Sup3r%40Secret@127.0.0.1:5599/easel?sslmode=require",
        "host=h password=Sup3r@Secret user=easel",
        "postgresql://easel@h/d?password=Sup3r%40Secret",
    ])
    func `a password goes into the environment`(url: String) throws {
        let call = try PsqlCall(connectionString: url)
        #expect(call.environment == ["PGPASSWORD": "Sup3r@Secret"])
        #expect(call.arguments.allSatisfy { !$0.contains("Sup3r") } && call.arguments.joined().contains("user='easel'"))
    }

    @Test func `values with quotes and blanks stay whole`() throws {
        let call = try PsqlCall(connectionString: "postgresql:///a%20b?host=%2Ftmp%2Fit%27s&application_name=a%5Cb")
        #expect(call.environment.isEmpty)
        #expect(call.arguments == ["application_name='a\\\\b' dbname='a b' host='/tmp/it\\'s'"])
    }

    @Test func `what libpq does not understand is not quoted`() {
        #expect(throws: (any Error).self) { try PsqlCall(connectionString: "postgresql://u:hunter2@[h/d") }
        do {
            _ = try PsqlCall(connectionString: "postgresql://u:hunter2@[h/d")
        } catch {
            #expect(!error.sentence.contains("hunter2"))
        }
    }
}
