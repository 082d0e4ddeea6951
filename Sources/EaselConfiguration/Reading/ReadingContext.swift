import EaselCore

/// What a reading of one file shares: the environment to expand from, and the faults found so far.
///
/// A class, because every setting adds its faults to the one list. It lives and dies inside one call of `parse`.
final class ReadingContext {
    let file: String
    /// Nil: nothing is expanded, because the text does not come from the operator (S2).
    let environment: [String: String]?
    /// Faults that are named one by one of a file of the operator's; of a text that a stranger wrote there may be any number
    /// (S4).
    static let mostFaults = 200
    /// The same of what a caller sends.
    static let mostFaultsOfCallers = FaultList.most - 1
    /// Names that are compared with what is known: each comparison costs as much as reading a line.
    static let mostHints = 20
    /// Cases of all policies together: each is asked for every call.
    static let mostCases = 500

    private let mostFaults: Int
    private(set) var faults: [ConfigurationFault] = []
    /// Faults beyond those that are named.
    private(set) var moreFaults = 0
    private var hints = 0
    private var cases = 0

    init(file: String, environment: [String: String]?, mostFaults: Int = ReadingContext.mostFaults) {
        self.mostFaults = mostFaults
        self.file = file
        self.environment = environment
    }

    func fault(_ keyPath: String, at position: SourcePosition?, _ message: String, variable: String? = nil) {
        guard faults.count < mostFaults else { return moreFaults += 1 }
        faults.append(
            ConfigurationFault(file: file, position: position, keyPath: keyPath, message: message, variable: variable)
        )
    }

    /// Everything that was found, the number of what is not named included.
    var allFaults: [ConfigurationFault] {
        guard moreFaults > 0 else { return faults }
        let message = "has \(moreFaults) more faults; fix those above first"
        return faults + [ConfigurationFault(file: file, position: faults.last?.position, keyPath: "", message: message)]
    }

    /// Which of the known names somebody may have meant; nil when none is close, or when enough was guessed.
    func guess(_ name: String, among candidates: some Collection<String>) -> String? {
        guard hints < Self.mostHints else { return nil }
        hints += 1
        return Nearest.match(name, among: candidates)
    }

    /// Counts a case; false for one too many.
    func takesCase() -> Bool {
        cases += 1
        return cases <= Self.mostCases
    }
}
