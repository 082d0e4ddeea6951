import EaselBase

/// One fault of a configuration: where it is, which setting, and a sentence that names the fault and how to mend it.
package struct ConfigurationFault: Sendable, Hashable {
    /// As the caller named it.
    package let file: String
    /// Nil when the fault is with the file as a whole, such as one that cannot be read.
    package let position: SourcePosition?
    /// `providers.runware.timeout`, `fetch.allow_networks[1]`; empty for the whole file.
    package let keyPath: String
    /// Names the fault and how to mend it; never holds a secret.
    package let message: String
    /// The environment variable that is missing, where that is the fault: the file itself may be sound.
    package let variable: String?

    package init(
        file: String,
        position: SourcePosition?,
        keyPath: String,
        message: String,
        variable: String? = nil
    ) {
        self.variable = variable
        self.file = file
        self.position = position
        self.keyPath = keyPath
        self.message = message
    }
}

extension ConfigurationFault: CustomStringConvertible {
    /// `FILE:LINE:COL: key.path: sentence`, which editors and terminals recognise as a place to jump to.
    package var description: String {
        var text = file
        if let position { text += ":\(position.line):\(position.column)" }
        text += ": "
        if !keyPath.isEmpty { text += "\(keyPath): " }
        return text + message
    }
}

/// Every fault of a configuration at once, in the order of the file.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible, Explained {
    /// In the order of the file; never empty.
    package let faults: [ConfigurationFault]

    package init(faults: [ConfigurationFault]) {
        func place(_ fault: ConfigurationFault) -> (Int, Int) {
            (fault.position?.line ?? 0, fault.position?.column ?? 0)
        }
        self.faults = faults.enumerated()
            .sorted {
                (place($0.element).0, place($0.element).1, $0.offset) < (
                    place($1.element).0, place($1.element).1, $1.offset
                )
            }
            .map(\.element)
    }

    /// One fault a line.
    package var report: String { faults.map(\.description).joined(separator: "\n") }

    package var sentence: String { report }

    /// The report.
    package var description: String { report }
}
