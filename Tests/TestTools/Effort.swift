import Foundation

/// How much a test run tries. `make test` is run after every change and tries enough to find what a change breaks;
/// `make prove` (`EASEL_PROVE=1`) tries all cases and runs all proofs.
package enum Effort {
    /// Whether everything is tried, however long it takes.
    package static let isFull = ProcessInfo.processInfo.environment["EASEL_PROVE"] == "1"

    /// Random cases to try: all of them in a proof, else a tenth.
    package static func cases(_ all: Int) -> Int { isFull ? all : (all + 9) / 10 }
}
