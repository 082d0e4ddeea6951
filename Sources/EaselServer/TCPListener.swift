import CUV
import EaselBase
import EaselTransport

/// One listening socket on one loop. Loop thread only.
final class TCPListener {
    private let raw = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    private let loop: EventLoop
    private let accept: (TCPSocket) -> Void
    private var isOpen = true

    /// Takes the descriptor over. Nil when the loop refuses it.
    init?(loop: EventLoop, descriptor: Int32, backlog: Int32, accept: @escaping (TCPSocket) -> Void) {
        self.loop = loop
        self.accept = accept
        uv_tcp_init(loop.raw, raw)
        // Retained by the handle until it is closed.
        raw.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let stream = UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_stream_t.self)
        guard uv_tcp_open(raw, descriptor) == 0 else {
            CSocket.close(descriptor)
            close()
            return nil
        }
        let code = uv_listen(stream, backlog) { stream, status in
            guard status == 0, let stream, let data = stream.pointee.data else { return }
            let listener = Unmanaged<TCPListener>.fromOpaque(data).takeUnretainedValue()
            guard let socket = TCPSocket(acceptedFrom: stream, loop: listener.loop) else { return }
            listener.accept(socket)
        }
        guard code == 0 else {
            close()
            return nil
        }
    }

    /// Lets no further connection begin. Those that are being made still come in.
    func takeNoMore() {
        if let descriptor { CSocket.takeNoMore(descriptor) }
    }

    /// Closes it after taking in what waits in the kernel's queue: the kernel would reset those connections, and a client
    /// could not tell whether its request had been read.
    func closeAfterAccepting() {
        if let descriptor {
            while let accepted = CSocket.accept(descriptor) {
                if let socket = TCPSocket(descriptor: accepted, loop: loop) { accept(socket) }
            }
        }
        close()
    }

    private var descriptor: Int32? {
        var descriptor = uv_os_fd_t()
        let handle = UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
        return isOpen && uv_fileno(handle, &descriptor) == 0 ? descriptor : nil
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        uv_close(UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)) { handle in
            guard let handle, let data = handle.pointee.data else { return }
            let listener = Unmanaged<TCPListener>.fromOpaque(data)
            let raw = listener.takeUnretainedValue().raw
            listener.release()
            raw.deallocate()
        }
    }
}
