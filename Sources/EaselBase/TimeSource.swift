import Foundation

/// Where a program reads the time, as a value, so that tests decide what time it is.
package struct TimeSource: Sendable {
    private let readWall: @Sendable () -> Timestamp

    package init(_ readWall: @escaping @Sendable () -> Timestamp) {
        self.readWall = readWall
    }

    /// The moment now.
    package var now: Timestamp { readWall() }

    /// The clock of this machine.
    package static let system = TimeSource {
        var spec = timespec()
        clock_gettime(CLOCK_REALTIME, &spec)
        return Timestamp(microseconds: Int64(spec.tv_sec) * 1_000_000 + Int64(spec.tv_nsec) / 1000)
    }

    package static func fixed(_ moment: Timestamp) -> TimeSource { TimeSource { moment } }
}

/// A moment on the machine's steady clock: for measuring durations, which a change of the wall clock must not touch.
package struct SteadyInstant: Sendable, Hashable, Comparable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static var now: SteadyInstant {
        var spec = timespec()
        clock_gettime(CLOCK_MONOTONIC, &spec)
        return SteadyInstant(nanoseconds: UInt64(spec.tv_sec) * 1_000_000_000 + UInt64(spec.tv_nsec))
    }

    package static func < (left: SteadyInstant, right: SteadyInstant) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (instant: SteadyInstant, duration: Duration) -> SteadyInstant {
        let (sum, overflow) = Int64(clamping: instant.nanoseconds).addingReportingOverflow(duration.nanoseconds)
        return SteadyInstant(nanoseconds: overflow ? UInt64(Int64.max) : UInt64(max(0, sum)))
    }

    /// The time from `earlier` to this instant; negative when it lies later.
    package func since(_ earlier: SteadyInstant) -> Duration {
        .nanoseconds(Int64(clamping: nanoseconds) - Int64(clamping: earlier.nanoseconds))
    }
}

extension Duration {
    /// At most 292 years either way: whoever says `.seconds(.max)` means that there is no end.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isBeyond) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooLong || isBeyond ? (seconds < 0 ? .min : .max) : sum
    }
    package var microseconds: Int64 { nanoseconds / 1000 }
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }
    package var secondsAsDouble: Double { Double(nanoseconds) / 1_000_000_000 }
}
