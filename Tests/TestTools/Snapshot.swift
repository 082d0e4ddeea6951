import Foundation
package import Testing

/// Golden files: a text is compared with the file that an earlier run recorded beside the test.
///
/// A missing file is recorded and the test fails once, so that nobody takes a first run for a proof.
/// `RECORD_SNAPSHOTS=1` writes every file anew; the difference is then to be read in the commit.
package enum Snapshot {
    /// Compares `text` with `Snapshots/NAME` in the folder of the calling test file.
    package static func expect(
        _ text: String,
        named name: String,
        testFile: StaticString = #filePath,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let folder = URL(fileURLWithPath: testFile.description).deletingLastPathComponent()
            .appendingPathComponent("Snapshots", isDirectory: true)
        let file = folder.appendingPathComponent(name)
        let recording = ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1"
        guard !recording, let recorded = try? String(contentsOf: file, encoding: .utf8) else {
            record(text, folder: folder, file: file, name: name, wanted: recording, sourceLocation)
            return
        }
        guard recorded != text else { return }
        let message = "\(name) differs from its snapshot (- recorded, + now); RECORD_SNAPSHOTS=1 accepts it\n"
        Issue.record(Comment(rawValue: message + difference(recorded, text)), sourceLocation: sourceLocation)
    }

    private static func record(
        _ text: String,
        folder: URL,
        file: URL,
        name: String,
        wanted: Bool,
        _ sourceLocation: SourceLocation
    ) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file, options: .atomic)
            guard !wanted else { return }
            Issue.record("\(name) had no snapshot; it is recorded now, run again", sourceLocation: sourceLocation)
        } catch {
            Issue.record(error, "\(name) could not be recorded", sourceLocation: sourceLocation)
        }
    }

    /// The lines that differ, with two lines around them.
    package static func difference(_ recorded: String, _ now: String) -> String {
        let old = recorded.split(separator: "\n", omittingEmptySubsequences: false)
        let new = now.split(separator: "\n", omittingEmptySubsequences: false)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [(text: String, differs: Bool)] = []
        var oldIndex = 0
        var newIndex = 0
        while oldIndex < old.count || newIndex < new.count {
            if removed.contains(oldIndex) {
                lines.append(("- \(old[oldIndex])", true))
                oldIndex += 1
            } else if inserted.contains(newIndex) {
                lines.append(("+ \(new[newIndex])", true))
                newIndex += 1
            } else {
                lines.append(("  \(old[oldIndex])", false))
                oldIndex += 1
                newIndex += 1
            }
        }
        let near = lines.indices.filter { index in
            lines[max(0, index - 2)...min(lines.count - 1, index + 2)].contains { $0.differs }
        }
        return near.map { lines[$0].text }.joined(separator: "\n")
    }
}
