import EaselBase
import EaselCore
import EaselReporting
import Foundation
import Testing
import TestTools

/// Invoices as files, and a comparison as text.
struct InvoiceCSVTests {
    private func read(_ text: String) -> Result<InvoiceCSV, InvoiceCSV.Faults> {
        do throws(InvoiceCSV.Faults) { return .success(try InvoiceCSV(Array(text.utf8))) } catch {
            return .failure(error)
        }
    }

    private func faults(_ text: String) -> [String] {
        guard case .failure(let error) = read(text) else { return [] }
        return error.faults.map { "\($0.line): \($0.message)" }
    }

    @Test(arguments: [
        "date,model,images,cost\n2026-11-20,m,2,0.12\n",
        "\u{FEFF}Day;Product;Quantity;Amount (USD)\r\n2026-11-20;m;2;0.12\r\n",
        "created\tTotal USD\tunits\tdescription\n2026-11-20T23:00:00Z\t$0.12\t2.0\tm",
        "\"Date\",\"Description\",\"Units\",\"Cost\"\n\"2026-11-20 10:00:00\",\"m\",\"1\",\"0.06\"\n2026-11-20,m,1,0.06 USD\n\n",
    ])
    func `sensible headers are understood`(_ text: String) throws {
        let rows = try read(text).get().rows
        let day = try #require(CivilDay("2026-11-20"))
        #expect(rows == [.init(day: day, model: "m", images: 2, cost: Money(usd: "0.12"))])
    }

    @Test func `quotes, thousands and a missing model are read`() throws {
        let rows = try read("day,total,description\n2026-11-20,\"1,234.50\",\"a \"\"b\"\", c\"\n2026-11-21,0,\n").get()
            .rows
        #expect(rows.map(\.cost?.usd) == ["1234.5", "0"] && rows.map(\.model) == ["a \"b\", c", nil])
    }

    @Test func `every fault is named with its line`() {
        let text =
            "date,amount,images\n2026-13-01,0.06,1\n2026-11-20,-1,1\n2026-11-20,1e-3,1\nTotal,,\n2026-11-20,0.0000000001,x\n"
        let found = faults(text)
        #expect(found.map { $0.prefix(2) } == ["2:", "3:", "4:", "5:", "5:", "6:", "6:"])
        #expect(faults("").count == 1)
        #expect(faults("when,what\n1,2\n").map { $0.prefix(2) } == ["1:", "1:"])
        #expect(faults("date,amount\n2026-11-20,\"0.06\n").contains { $0.contains("quote") })
    }

    private func sample() throws -> Reconciliation {
        let day = try #require(CivilDay("2026-11-20"))
        func uuid(_ digit: Int) -> UUID {
            UUID(uuidString: "01931c2e-7a00-7000-8000-00000000000\(digit)") ?? UUID()
        }
        func attempt(_ digit: Int, cost: Int64?) throws -> ReconciliationRow.Attempt {
            .init(
                LoggedAttempt(
                    attemptID: uuid(digit),
                    callID: uuid(9),
                    model: "ideogram:4@remix",
                    startedAt: try #require(Timestamp("2026-11-20T09:30:00Z")),
                    endedAt: nil,
                    images: 1,
                    charge: Cost.Recorded(cost.map { Money(nanodollars: $0) }, .unknown),
                    bound: Money(nanodollars: 60_000_000)
                )
            )
        }
        func row(
            _ day: CivilDay,
            _ log: String,
            _ provider: String?,
            _ status: ReconciliationRow.Status,
            estimated: String = "0",
            unexplained: String? = nil,
            _ explanations: [ReconciliationRow.Explanation] = []
        ) -> ReconciliationRow {
            ReconciliationRow(
                day: day,
                model: "ideogram:4@remix",
                logModels: ["ideogram:4@remix"],
                log: Money(usd: log) ?? .zero,
                estimated: Money(usd: estimated) ?? .zero,
                provider: provider.flatMap { Money(usd: $0) },
                logRequests: 3,
                logImages: 4,
                providerRequests: 3,
                providerImages: nil,
                status: status,
                unexplained: unexplained.flatMap { Money(usd: $0) },
                explanations: explanations
            )
        }
        let unknown = ReconciliationRow.Explanation(
            kind: .unknown,
            count: 3,
            lowest: .zero,
            highest: Money(usd: "0.18"),
            attempts: [try attempt(1, cost: nil), try attempt(2, cost: nil)]
        )
        return Reconciliation(
            id: uuid(7),
            provider: "runware",
            from: day,
            to: day.adding(2),
            source: "provider usage",
            createdAt: try #require(Timestamp("2026-11-23T08:00:00Z")),
            rows: [
                row(day, "0.12", "0.12", .equal), row(day.next, "0.06", "0.18", .explained, [unknown]),
                row(day.adding(2), "1.5", "2.5", .unexplained, estimated: "0.5", unexplained: "1"),
            ],
            foreign: [ForeignUsage(name: "bfl:2@1", requests: 12, cost: Money(usd: "0.5"))],
            remarks: ["Something is odd."]
        )
    }

    @Test(arguments: [80, 160])
    func `a comparison as a table`(_ width: Int) throws {
        let text = ReconciliationText(try sample(), style: TextStyle(width: width)).render()
        Snapshot.expect(text, named: "reconciliation-\(width).txt")
    }
}
