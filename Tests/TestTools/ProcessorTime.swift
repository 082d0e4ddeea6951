import Foundation

/// The processor's time that a thread used, which says more of work than a clock on a busy machine.
package enum ProcessorTime {
    /// Seconds that the calling thread worked on `body`.
    package static func of(_ body: () throws -> Void) rethrows -> Double {
        let before = now
        try body()
        return now - before
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
