import CLLHTTP
import EaselTransport

/// What a parser tells while it reads. The pointers are valid during the call only.
protocol RequestParserDelegate: AnyObject {
    /// The head is whole. False stops the parser for good.
    func parserReadHead(_ head: RequestHead) -> Bool
    func parserReadBody(_ bytes: UnsafeRawBufferPointer)
}

/// llhttp in its strict mode, for one connection: heads as values, bodies as they come, one request at a time.
final class RequestParser {
    enum Step: Equatable {
        /// Everything was read; the request goes on.
        case needsMore
        /// The request ended after that many bytes. Nothing is read before `beginNext`.
        case complete(consumed: Int)
        /// The delegate said stop.
        case refused
        case headTooLarge
        /// No valid HTTP; what it was is for logs.
        case malformed(String)
        /// A request with a method that is not among those of the parser (RFC 9110, 15.6.2).
        case unknownMethod
    }

    // Unowned, because the delegate owns the parser and is the only one who feeds it.
    unowned let delegate: any RequestParserDelegate
    /// Whether the head of the present request is whole.
    private(set) var headIsComplete = false

    private let raw = UnsafeMutablePointer<llhttp_t>.allocate(capacity: 1)
    private let maxHeadBytes: Int
    private var headBytes = 0
    private var scan = RequestHeadScan()
    /// What is neither head nor body: chunk extensions and trailers.
    private var overheadBytes = 0
    private var refused = false
    private var overflowed = false
    /// Target, names and values one after another, with the places where each ends.
    private var text: [UInt8] = []
    private var ends: [Int] = []

    init(delegate: any RequestParserDelegate, maxHeadBytes: Int) {
        self.delegate = delegate
        self.maxHeadBytes = maxHeadBytes
        llhttp_init(raw, HTTP_REQUEST, Self.settings)
        // Unretained: llhttp calls back only within `feed`.
        raw.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        raw.deallocate()
    }

    /// Reads on. Not to be called again after anything but `needsMore`, except after `beginNext`.
    func feed(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard let start = bytes.bindMemory(to: CChar.self).baseAddress else { return .needsMore }
        if !headIsComplete {
            if let fault = scan.read(bytes) { return .malformed(fault) }
            headBytes += bytes.count
        }
        let code = llhttp_execute(raw, start, bytes.count)
        switch code {
        case HPE_OK:
            return overflowed || !headIsComplete && headBytes > maxHeadBytes ? .headTooLarge : .needsMore
        case HPE_PAUSED:
            let consumed = llhttp_get_error_pos(raw).map { start.distance(to: $0) } ?? bytes.count
            return .complete(consumed: consumed)
        default:
            if refused { return .refused }
            if overflowed { return .headTooLarge }
            if code == HPE_INVALID_METHOD, !headIsComplete, Self.beginsWithMethod(bytes) { return .unknownMethod }
            return .malformed(String(cString: llhttp_errno_name(code)))
        }
    }

    /// Capitals and a blank after them, as in `QUERY /`; what is not even that is no request.
    private static func beginsWithMethod(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let word = bytes.prefix(33).prefix { (0x41...0x5A).contains($0) || $0 == 0x2D }
        return (1...32).contains(word.count) && word.count < bytes.count && bytes[word.count] == 0x20
    }

    /// After `complete`: the bytes that follow are a new request.
    func beginNext() {
        llhttp_resume(raw)
        headIsComplete = false
        headBytes = 0
        scan = RequestHeadScan()
        overheadBytes = 0
    }

    // MARK: Callbacks

    private func append(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
        guard !headIsComplete else { return countOverhead(count) }
        text.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        // Four bytes for the separators of each field.
        guard text.count + ends.count * 2 <= maxHeadBytes else {
            overflowed = true
            return Int32(HPE_USER.rawValue)
        }
        return 0
    }

    private func markEnd() -> Int32 {
        if !headIsComplete { ends.append(text.count) }
        return 0
    }

    /// Extensions and trailers say nothing to us, but they must not be endless.
    private func countOverhead(_ count: Int) -> Int32 {
        overheadBytes += count
        return overheadBytes <= 16 << 10 ? 0 : Int32(HPE_USER.rawValue)
    }

    private func endHead() -> Int32 {
        headIsComplete = true
        // Upgrades are not offered: the request is answered as if it had not asked.
        raw.pointee.upgrade = 0
        let flags = Int32(raw.pointee.flags)
        let chunked = flags & Int32(F_CHUNKED.rawValue) != 0
        let length = flags & Int32(F_CONTENT_LENGTH.rawValue) != 0 ? Int(clamping: raw.pointee.content_length) : 0
        var head = RequestHead(
            method: llhttp_method_name(llhttp_method_t(UInt32(raw.pointee.method))).map { String(cString: $0) } ?? "",
            target: "",
            fields: HTTPFields(),
            minorVersion: Int(raw.pointee.http_minor),
            bodyLength: chunked ? nil : length,
            keepsAlive: llhttp_should_keep_alive(raw) != 0
        )
        let knownVersion = raw.pointee.http_major == 1 && raw.pointee.http_minor <= 1
        text.withUnsafeBytes { bytes in
            func piece(_ index: Int) -> String {
                let start = index == 0 ? 0 : ends[index - 1]
                return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<ends[index]]), as: UTF8.self)
            }
            guard !ends.isEmpty else { return }
            head.target = piece(0)
            head.fields.reserve(ends.count / 2)
            var index = 1
            while index + 1 < ends.count {
                head.fields.add(piece(index), piece(index + 1))
                index += 2
            }
        }
        // A waiting connection keeps no head.
        text = []
        ends = []
        guard knownVersion, delegate.parserReadHead(head) else {
            refused = knownVersion
            return -1
        }
        return 0
    }

    private static func parser(_ raw: UnsafeMutablePointer<llhttp_t>?) -> RequestParser? {
        raw?.pointee.data.map { Unmanaged<RequestParser>.fromOpaque($0).takeUnretainedValue() }
    }

    /// One table for the whole process; llhttp keeps a pointer to it. Written here once, then only read.
    nonisolated(unsafe) private static let settings: UnsafePointer<llhttp_settings_t> = {
        let settings = UnsafeMutablePointer<llhttp_settings_t>.allocate(capacity: 1)
        llhttp_settings_init(settings)
        let keep: llhttp_data_cb = { raw, bytes, count in parser(raw)?.append(bytes, count) ?? -1 }
        let mark: llhttp_cb = { raw in parser(raw)?.markEnd() ?? -1 }
        let overhead: llhttp_data_cb = { raw, _, count in parser(raw)?.countOverhead(count) ?? -1 }
        settings.pointee.on_url = keep
        settings.pointee.on_url_complete = mark
        settings.pointee.on_header_field = keep
        settings.pointee.on_header_field_complete = mark
        settings.pointee.on_header_value = keep
        settings.pointee.on_header_value_complete = mark
        settings.pointee.on_chunk_extension_name = overhead
        settings.pointee.on_chunk_extension_value = overhead
        settings.pointee.on_headers_complete = { raw in parser(raw)?.endHead() ?? -1 }
        settings.pointee.on_body = { raw, bytes, count in
            parser(raw)?.delegate.parserReadBody(UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        }
        settings.pointee.on_message_complete = { _ in Int32(HPE_PAUSED.rawValue) }
        return UnsafePointer(settings)
    }()
}
