/// Turns the steps of a scripted answer into bytes.
final class ScriptedAnswer {
    private let head: ResponseHead
    private let declaredLength: Int?
    private let sendsBody: Bool
    private var headIsOut = false
    private var written = 0
    private var wroteRaw = false

    init(head: ResponseHead, declaredLength: Int?, sendsBody: Bool) {
        self.head = head
        self.declaredLength = declaredLength
        self.sendsBody = sendsBody
    }

    /// Whether the client has got what the head promised, so that the connection can be used again.
    var isComplete: Bool {
        if wroteRaw || head.framing == .untilClose { return false }
        return !sendsBody || declaredLength.map { $0 == written } ?? true
    }

    func output(for bytes: [UInt8], date: [UInt8]) -> [UInt8] {
        var output = beginning(date)
        guard sendsBody else { return output }
        written += bytes.count
        output += head.framing == .chunked ? bytes.asChunk : bytes
        return output
    }

    func raw(_ bytes: [UInt8]) -> [UInt8] {
        wroteRaw = true
        return bytes
    }

    func end(date: [UInt8]) -> [UInt8] {
        // After raw bytes nobody knows what the client believes to read: nothing is added.
        if wroteRaw, !headIsOut { return [] }
        var output = beginning(date)
        if head.framing == .chunked, sendsBody { output += "0\r\n\r\n".utf8 }
        return output
    }

    private func beginning(_ date: [UInt8]) -> [UInt8] {
        if headIsOut { return [] }
        headIsOut = true
        return head.encoded(date: date)
    }
}
