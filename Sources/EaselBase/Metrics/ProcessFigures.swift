import Foundation

/// What the system says of this process, for the metrics that every program has (Prometheus, "Writing client libraries",
/// "Process metrics"). What cannot be read is nil.
package struct ProcessFigures: Sendable, Equatable {
    package var cpuSeconds: Double?
    package var startSeconds: Double?
    package var residentBytes: Int?
    package var virtualBytes: Int?
    package var virtualLimitBytes: Int?
    package var openFiles: Int?
    package var openFilesLimit: Int?
    package var threads: Int?

    package init() {}

    /// Reads `/proc`: a few system calls.
    package static func read() -> ProcessFigures {
        var figures = ProcessFigures()
        figures.fill(
            stat: text("/proc/self/stat"),
            system: text("/proc/stat"),
            ticks: Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            page: Int(max(1, sysconf(Int32(_SC_PAGESIZE))))
        )
        figures.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
        figures.openFilesLimit = limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue))
        figures.virtualLimitBytes = limit(__rlimit_resource_t(RLIMIT_AS.rawValue))
        return figures
    }

    /// From the lines of proc(5): `stat` of the process, `system` of the machine, which knows when it started.
    mutating func fill(stat: String?, system: String?, ticks: Double, page: Int) {
        // The name of the program stands in brackets and may hold anything.
        guard let stat, let end = stat.lastIndex(of: ")") else { return }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        // Field 3, the state, is the first here.
        func field(_ number: Int) -> Double? { fields.count > number - 3 ? Double(fields[number - 3]) : nil }
        if let user = field(14), let kernel = field(15) { cpuSeconds = (user + kernel) / ticks }
        threads = field(20).map { Int(saturating: $0) }
        virtualBytes = field(23).map { Int(saturating: $0) }
        residentBytes = field(24).map { Int(saturating: $0 * Double(page)) }
        let boot = system?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
        if let boot, let started = field(22) { startSeconds = boot + started / ticks }
    }

    private static func limit(_ resource: __rlimit_resource_t) -> Int? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur != UInt.max else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    private static func text(_ path: String) -> String? {
        (try? InputFile.bytes(path, atMost: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
