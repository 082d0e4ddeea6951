import CPageFiles

/// The files of dashboards/web, and chart.js, as they lie in the binary (`scripts/embed-page.sh`).
enum EmbeddedFiles {
    static func all() -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = []
        while let file = page_file_at(files.count)?.pointee, let name = file.name {
            let bytes = UnsafeBufferPointer(start: file.bytes, count: file.length)
            files.append((String(cString: name), Array(bytes)))
        }
        return files
    }
}
