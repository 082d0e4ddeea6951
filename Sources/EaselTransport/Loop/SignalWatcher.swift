import CUV
import Foundation

/// Watches one signal, as long as the process lives, on a small libuv loop with a thread of its own.
///
/// The handler stands when `watch` returns. A `DispatchSource` registers a moment later on another thread, and a signal
/// in between would be lost.
// Unchecked: `watch` prepares everything before the thread starts; afterwards only the thread touches the handles.
final class SignalWatcher: @unchecked Sendable {
    private let deliver: @Sendable (Int32) -> Void
    private let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)

    /// Calls `deliver` on the thread each time the signal arrives.
    static func watch(_ signal: Int32, deliver: @escaping @Sendable (Int32) -> Void) {
        let watcher = SignalWatcher(deliver)
        watcher.start(signal)
    }

    static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private init(_ deliver: @escaping @Sendable (Int32) -> Void) {
        self.deliver = deliver
    }

    private func start(_ signal: Int32) {
        uv_loop_init(loop)
        uv_signal_init(loop, handle)
        // Retained for good: the handle is never closed.
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        uv_signal_start(
            handle,
            { handle, signal in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue().deliver(signal)
            },
            signal
        )
        let thread = Thread { [self] in _ = uv_run(loop, UV_RUN_DEFAULT) }
        thread.name = "easel-signal-\(signal)"
        thread.stackSize = 256 << 10
        thread.start()
    }
}
