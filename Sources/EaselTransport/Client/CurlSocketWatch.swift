import CCurl
import CUV

/// One socket of libcurl's, watched by the loop. Loop thread only.
final class CurlSocketWatch {
    let socket: curl_socket_t
    // Unowned, because the engine closes its watches before it goes.
    private unowned let engine: CurlEngine
    private let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    /// What libcurl waits for, one of its CURL_POLL_ values.
    private var awaited: Int32 = 0
    private var isClosed = false

    /// Nil when the loop refuses the descriptor.
    init?(engine: CurlEngine, socket: curl_socket_t) {
        self.engine = engine
        self.socket = socket
        guard uv_poll_init_socket(engine.loop.raw, poll, socket) == 0 else {
            poll.deallocate()
            return nil
        }
        // Retained by the handle; released when the handle is closed.
        poll.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    /// `what` is one of libcurl's CURL_POLL_ values.
    func start(_ what: Int32) {
        awaited = what
        var events: Int32 = 0
        if what & CURL_POLL_IN != 0 { events |= Int32(UV_READABLE.rawValue) }
        if what & CURL_POLL_OUT != 0 { events |= Int32(UV_WRITABLE.rawValue) }
        uv_poll_start(poll, events) { handle, status, events in
            guard let data = handle?.pointee.data else { return }
            let watch = Unmanaged<CurlSocketWatch>.fromOpaque(data).takeUnretainedValue()
            if status < 0 { return watch.socketFailed() }
            var flags: Int32 = 0
            if events & Int32(UV_READABLE.rawValue) != 0 { flags |= CURL_CSELECT_IN }
            if events & Int32(UV_WRITABLE.rawValue) != 0 { flags |= CURL_CSELECT_OUT }
            watch.engine.socketIsReady(watch.socket, flags)
        }
    }

    /// The system tells of a reset even where a whole answer lies before it. libcurl is told that it may read and write,
    /// as its own poll does, and meets the answer first and the error after it. CURL_CSELECT_ERR would make it throw the
    /// answer away, and end a GET on a kept connection that it repeats otherwise.
    private func socketFailed() {
        engine.socketIsReady(socket, CURL_CSELECT_IN | CURL_CSELECT_OUT)
        // libuv stops watching after an error; libcurl may have to look more than once.
        if !isClosed { start(awaited) }
    }

    func close() {
        isClosed = true
        uv_poll_stop(poll)
        poll.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
            uv_close(handle) { handle in
                guard let handle, let data = handle.pointee.data else { return }
                Unmanaged<CurlSocketWatch>.fromOpaque(data).release()
                handle.withMemoryRebound(to: uv_poll_t.self, capacity: 1) { $0.deallocate() }
            }
        }
    }
}
