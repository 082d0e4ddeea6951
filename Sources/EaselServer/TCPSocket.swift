import CUV
import EaselBase
import EaselTransport
import Foundation

/// What a socket tells its owner, on the loop.
protocol TCPSocketDelegate: AnyObject {
    /// The bytes lie in the loop's shared buffer and are valid during the call only.
    func socketRead(_ bytes: UnsafeRawBufferPointer)
    /// The other side closed its direction in order, or the connection broke.
    func socketEnded(inOrder: Bool)
    /// Everything that `write` had to put aside is written.
    func socketDrained()
}

/// One accepted TCP connection: reading, writing, closing. Loop thread only.
// Unchecked: only touched on the loop's thread; `fail` posts to that same loop.
final class TCPSocket: @unchecked Sendable {
    let loop: EventLoop
    /// Counts up with every piece that the kernel takes, so that a stalled writer can be told from a slow one.
    private(set) var progress = 0
    /// Bytes that the kernel has not taken yet.
    private(set) var waiting = 0

    private let raw = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    private weak var delegate: (any TCPSocketDelegate)?
    private var isOpen = true
    private var isReading = false
    /// What the kernel would not take yet, in order; of the first the bytes before `offset` are written.
    private var queue: [[UInt8]] = []
    private var offset = 0
    private var isWriting = false
    private var shutsDownWhenDrained = false

    /// The most bytes that are copied for libuv to write on its own while the kernel's buffer is full.
    private static let pieceBytes = 128 << 10

    /// Accepts from a listener whose callback is running. Nil when the connection is already gone.
    init?(acceptedFrom listener: UnsafeMutablePointer<uv_stream_t>, loop: EventLoop) {
        self.loop = loop
        uv_tcp_init(loop.raw, raw)
        // Retained by the handle until it is closed.
        raw.pointee.data = Unmanaged.passRetained(self).toOpaque()
        guard uv_accept(listener, stream) == 0 else {
            close()
            return nil
        }
        uv_tcp_nodelay(raw, 1)
    }

    /// Takes over a connection that was accepted by hand. Nil when the loop refuses it.
    init?(descriptor: Int32, loop: EventLoop) {
        self.loop = loop
        uv_tcp_init(loop.raw, raw)
        raw.pointee.data = Unmanaged.passRetained(self).toOpaque()
        guard uv_tcp_open(raw, descriptor) == 0 else {
            CSocket.close(descriptor)
            close()
            return nil
        }
        uv_tcp_nodelay(raw, 1)
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_stream_t.self)
    }

    private static func socket(_ data: UnsafeMutableRawPointer?) -> TCPSocket? {
        data.map { Unmanaged<TCPSocket>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether a reset came, also one that nobody read. Asking takes the news away.
    var isBroken: Bool {
        var descriptor: uv_os_fd_t = -1
        guard isOpen,
            uv_fileno(UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self), &descriptor) == 0
        else { return true }
        return CSocket.hasError(descriptor)
    }

    /// The other side's address without its port.
    func peerAddress() -> String {
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: 64)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                uv_tcp_getpeername(raw, address, &length) == 0 ? uv_ip_name(address, &text, text.count) : -1
            }
        }
        guard code == 0 else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Our side's address with its port, as the authority of a URL has it: `127.0.0.1:8080`, `[::1]:8080`. Empty when the
    /// connection is gone.
    func localAuthority() -> String {
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: 64)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                uv_tcp_getsockname(raw, address, &length) == 0 ? uv_ip_name(address, &text, text.count) : -1
            }
        }
        guard code == 0 else { return "" }
        var name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        // A version 4 client of a version 6 socket.
        if name.hasPrefix("::ffff:"), name.contains(".") { name.removeFirst(7) }
        let port = withUnsafeBytes(of: storage) { bytes in
            // In both families the port lies behind the two bytes of the family, in network order.
            UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        }
        return name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
    }

    // MARK: Reading

    func startReading(_ delegate: any TCPSocketDelegate) {
        self.delegate = delegate
        resumeReading()
    }

    func resumeReading() {
        guard isOpen, !isReading else { return }
        isReading = true
        uv_read_start(
            stream,
            { handle, _, buffer in
                guard let loop = TCPSocket.socket(handle?.pointee.data)?.loop else { return }
                let shared = loop.readBuffer
                buffer?.pointee = uv_buf_init(
                    shared.baseAddress?.assumingMemoryBound(to: CChar.self),
                    UInt32(shared.count)
                )
            },
            { stream, count, buffer in
                guard let socket = TCPSocket.socket(stream?.pointee.data), let delegate = socket.delegate else {
                    return
                }
                if count > 0 {
                    delegate.socketRead(UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count))
                } else if count < 0 {
                    socket.pauseReading()
                    delegate.socketEnded(inOrder: count == Int(UV_EOF.rawValue))
                }
            }
        )
    }

    func pauseReading() {
        guard isOpen, isReading else { return }
        isReading = false
        uv_read_stop(stream)
    }

    // MARK: Writing

    /// Whether everything is with the kernel.
    var isDrained: Bool { queue.isEmpty && !isWriting }

    /// Writes at once what the kernel takes and puts the rest aside. True when nothing is left over; otherwise
    /// `socketDrained` follows.
    func write(_ bytes: [UInt8]) -> Bool {
        guard isOpen else { return false }
        if !bytes.isEmpty {
            queue.append(bytes)
            waiting += bytes.count
        }
        return pump()
    }

    private func pump() -> Bool {
        guard isOpen else { return false }
        while !isWriting, let first = queue.first {
            let left = first.count - offset
            let written = first.withUnsafeBytes { bytes -> Int in
                let start = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
                var buffer = uv_buf_init(start.map { $0 + offset }, UInt32(clamping: left))
                return Int(uv_try_write(stream, &buffer, 1))
            }
            if written > 0 {
                progress &+= written
                waiting -= written
                advance(by: written)
            } else if written == Int(UV_EAGAIN.rawValue) || written == 0 {
                writeLater(min(left, Self.pieceBytes))
            } else {
                fail()
                return false
            }
        }
        if queue.isEmpty, !isWriting, shutsDownWhenDrained { shutDownNow() }
        return isDrained
    }

    private func advance(by count: Int) {
        offset += count
        if let first = queue.first, offset == first.count {
            queue.removeFirst()
            offset = 0
        }
    }

    /// Gives libuv a copy of the next piece to write when the socket takes bytes again. A copy, because an array's
    /// storage has no address that lasts longer than a call.
    private func writeLater(_ count: Int) {
        guard let first = queue.first else { return }
        let piece = WritePiece(count: count)
        first.withUnsafeBytes { bytes in
            piece.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        }
        advance(by: count)
        isWriting = true
        // Both retained until the callback, which libuv always makes, also when the handle is closed before.
        piece.owner = self
        piece.request.pointee.data = Unmanaged.passRetained(piece).toOpaque()
        var buffer = uv_buf_init(piece.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(count))
        let code = uv_write(piece.request, stream, &buffer, 1) { request, status in
            guard let data = request?.pointee.data else { return }
            let piece = Unmanaged<WritePiece>.fromOpaque(data).takeRetainedValue()
            piece.owner?.pieceWritten(piece.bytes.count, status)
        }
        if code != 0 {
            Unmanaged.passUnretained(piece).release()
            isWriting = false
            fail()
        }
    }

    private func pieceWritten(_ count: Int, _ status: Int32) {
        isWriting = false
        guard isOpen else { return }
        guard status == 0 else { return fail() }
        progress &+= count
        waiting -= count
        if pump() { delegate?.socketDrained() }
    }

    /// A write failed: the other side is gone.
    private func fail() {
        queue.removeAll()
        offset = 0
        // Not from within `write`: the owner is in the middle of something.
        loop.submit { [self] in
            if isOpen { delegate?.socketEnded(inOrder: false) }
        }
    }

    // MARK: Closing

    /// Ends our direction (FIN) when everything is written; the other side may still be read.
    func shutDown() {
        guard isOpen else { return }
        if isDrained { shutDownNow() } else { shutsDownWhenDrained = true }
    }

    private func shutDownNow() {
        shutsDownWhenDrained = false
        var descriptor: uv_os_fd_t = -1
        guard uv_fileno(UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self), &descriptor) == 0
        else { return }
        // The plain call: libuv's own wants a request for it, and nothing is queued any more.
        CSocket.shutDownWriting(descriptor)
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        queue.removeAll()
        uv_close(UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self), Self.closed)
    }

    /// Closes with RST: the other side gets an error, also for what it has not read yet.
    func reset() {
        guard isOpen else { return }
        guard uv_tcp_close_reset(raw, Self.closed) == 0 else { return close() }
        isOpen = false
        queue.removeAll()
    }

    private static let closed: uv_close_cb = { handle in
        guard let handle, let data = handle.pointee.data else { return }
        let socket = Unmanaged<TCPSocket>.fromOpaque(data)
        let raw = socket.takeUnretainedValue().raw
        socket.release()
        raw.deallocate()
    }
}

/// A piece of output that libuv holds, with its request.
private final class WritePiece {
    let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    let bytes: UnsafeMutableRawBufferPointer
    var owner: TCPSocket?

    init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 16)
    }

    deinit {
        request.deallocate()
        bytes.deallocate()
    }
}
