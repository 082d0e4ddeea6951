/// How good a report's data is, in a sentence.
package struct QualityText: Sendable {
    /// So many seconds behind the log are a gap.
    package static let gapAfterS = 60

    private let quality: DataQuality

    package init(_ quality: DataQuality) {
        self.quality = quality
    }

    /// Whether something is missing: `--check` ends with exit code 5 then.
    package var hasGap: Bool { !faults.isEmpty || quality.rollupLagS > Self.gapAfterS }

    /// Whether nothing is missing, late or not.
    package var isWhole: Bool { faults.isEmpty }

    private var faults: [String] {
        var faults: [String] = []
        func attempts(_ number: Int) -> String { "\(FigureText.count(number)) attempt\(number == 1 ? "" : "s")" }
        if quality.unpricedAttempts > 0 {
            faults.append("costs leave out \(attempts(quality.unpricedAttempts)) without a price")
        }
        if quality.unknownAttempts > 0 { faults.append("\(attempts(quality.unknownAttempts)) with unknown outcome") }
        if quality.journalPending > 0 {
            faults.append("\(FigureText.count(quality.journalPending)) waiting in the journal")
        }
        if quality.journalSetAside > 0 {
            faults.append("\(FigureText.count(quality.journalSetAside)) set aside by the journal")
        }
        if quality.unsummedWindows > 0 {
            let windows = quality.unsummedWindows == 1 ? "window" : "windows"
            faults.append("\(FigureText.count(quality.unsummedWindows)) \(windows) that cannot be summed up")
        }
        return faults
    }

    /// What is missing, as a part of a sentence.
    package var sentence: String {
        let lag = "figures \(FigureText.count(quality.rollupLagS)) s behind the log"
        return "\(faults.isEmpty ? "complete, " : faults.joined(separator: ", ") + "; ")\(lag)"
    }
}
