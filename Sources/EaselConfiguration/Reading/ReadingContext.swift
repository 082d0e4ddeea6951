/// What a reading of one file shares: the environment to expand from, and the faults found so far.
///
/// A class, because every setting adds its faults to the one list. It lives and dies inside one call of `parse`.
final class ReadingContext {
    let file: String
    /// Nil: nothing is expanded, because the text does not come from the operator (S2).
    let environment: [String: String]?
    private(set) var faults: [ConfigurationFault] = []

    init(file: String, environment: [String: String]?) {
        self.file = file
        self.environment = environment
    }

    func fault(_ keyPath: String, at position: SourcePosition?, _ message: String) {
        faults.append(ConfigurationFault(file: file, position: position, keyPath: keyPath, message: message))
    }
}
