package import CUV
import EaselBase

/// One libuv timer. Belongs to its loop's thread; must be closed before it is let go.
package final class LoopTimer {
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    private var action: (() -> Void)?

    /// The action runs on the loop each time the timer is due.
    package init(loop: UnsafeMutablePointer<uv_loop_t>, action: @escaping () -> Void) {
        let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        uv_timer_init(loop, handle)
        self.handle = handle
        self.action = action
        // Unretained: `close` stops the timer before the object can go, and the callback only runs while it is started.
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        assert(handle == nil, "a LoopTimer must be closed on its loop")
    }

    package var isActive: Bool {
        guard let handle else { return false }
        return handle.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { uv_is_active($0) != 0 }
    }

    /// Starts, or starts anew, to fire once after whole milliseconds of loop time.
    package func start(milliseconds: UInt64) {
        guard let handle else { return }
        uv_timer_start(
            handle,
            { handle in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue().action?()
            },
            milliseconds,
            0
        )
    }

    package func stop() {
        if let handle { uv_timer_stop(handle) }
    }

    /// Gives the handle back; no action runs afterwards.
    package func close() {
        guard let handle else { return }
        self.handle = nil
        action = nil
        handle.pointee.data = nil
        handle.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { base in
            uv_close(base) { $0?.withMemoryRebound(to: uv_timer_t.self, capacity: 1) { $0.deallocate() } }
        }
    }
}

extension Duration {
    /// Whole milliseconds for a libuv timer, rounded up so that it never fires early; at least 1 for any positive time.
    package var timerMilliseconds: UInt64 {
        let nanoseconds = max(0, nanoseconds)
        return UInt64((nanoseconds + 999_999) / 1_000_000)
    }
}
