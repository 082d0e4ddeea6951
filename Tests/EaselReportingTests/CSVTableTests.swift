import EaselReporting
import Testing

@Suite struct CSVTableTests {
    @Test func `rows are read by the names of their columns`() throws {
        let table = try CSVTable(
            "\u{FEFF}Provider, USD per image ,note\r\nrunware,0.06,\"a, \"\"b\"\"\nc\"\n\nideogram, 0.09 ,\n"
        )
        #expect(table.columns == ["provider", "usd_per_image", "note"])
        #expect(table.rows.map { $0.fields["usd_per_image"] } == ["0.06", "0.09"])
        #expect(table.rows[0].fields["note"] == "a, \"b\"\nc")
        #expect(table.rows.map(\.line) == [2, 5])
        #expect(try CSVTable("a;b\n1;2").rows.first?.fields == ["a": "1", "b": "2"])
    }

    @Test func `what is wrong is named with its line`() {
        for (text, part) in [
            ("", "empty"), ("a,b\n1,2,3", "line 2 has 3 fields"), ("a,A\n1,2", "named twice"),
            ("a,b\n1,\"x", "line 2 are never closed"),
        ] {
            let fault = #expect(throws: CSVTable.Fault.self) { try CSVTable(text) }
            #expect(fault?.message.contains(part) == true, "\(fault?.message ?? "")")
        }
    }
}
