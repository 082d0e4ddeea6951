import EaselBase
import EaselReporting
import Foundation

/// The folder that images are saved into. Nothing in it is ever overwritten.
struct ImageFolder {
    let path: String

    /// Makes the folder and proves that it takes files: before anything is paid that would be saved there.
    /// - Parameter otherwise: what was not done, where it takes none.
    init(_ path: String, otherwise: String) throws {
        self.path = path
        do throws(OutputFile.Failure) {
            try OutputFile.prepareFolder(path)
        } catch {
            throw CommandFailure(
                "no image can be saved in \(path): \(error.sentence); \(otherwise), --out DIR chooses another folder",
                code: ExitCode.usage
            )
        }
    }

    /// Saves an image as `STEM-1.FORMAT`, or under the first number that is free, and returns its path.
    func save(_ bytes: [UInt8], stem: String, format: String) throws(OutputFile.Failure) -> String {
        var number = 1
        while true {
            let file = "\(path)/\(stem)-\(number).\(format)"
            do throws(OutputFile.Failure) {
                try OutputFile.write(bytes, to: file, existing: .stays)
                return file
            } catch {
                guard error.cause.code == EEXIST else { throw error }
                number += 1
            }
        }
    }

    /// Prints where the images are: as they are for a program, escaped for people.
    static func tell(_ paths: [String]) {
        guard !paths.isEmpty else { return }
        let text = paths.joined(separator: "\n")
        if Output.terminal.isTerminal { Output.data(text) } else { Output.raw(text + "\n") }
    }
}
