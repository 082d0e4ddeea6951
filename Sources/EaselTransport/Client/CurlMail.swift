import CCurl
import EaselBase

/// One exchange by SMTP, on the calling thread.
enum CurlMail {
    /// What is still to be sent. Lives on the stack of `send`.
    private final class Source {
        let bytes: [UInt8]
        var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    private static let read: ccurl_data_callback = { buffer, size, count, context in
        guard let buffer, let context else { return 0 }
        let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
        let length = min(size * count, source.bytes.count - source.position)
        source.bytes.withUnsafeBytes { bytes in
            guard length > 0, let start = bytes.baseAddress else { return }
            UnsafeMutableRawPointer(buffer).copyMemory(from: start + source.position, byteCount: length)
        }
        source.position += length
        return length
    }

    static func send(_ request: MailRequest) throws(MailError) {
        guard CurlEngine.libraryIsReady, let easy = CurlEasy() else {
            throw MailError(detail: "no memory for an exchange", status: nil)
        }
        let source = Source(request.message)
        var recipients: UnsafeMutablePointer<curl_slist>?
        for recipient in request.to { recipients = curl_slist_append(recipients, "<\(recipient)>") }
        defer { curl_slist_free_all(recipients) }
        easy.set(CURLOPT_URL, request.server)
        easy.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        easy.set(CURLOPT_PROXY, "")
        easy.set(CURLOPT_NOSIGNAL, 1)
        let limit = Int(clamping: max(1, request.timeout.milliseconds))
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, limit)
        easy.set(CURLOPT_TIMEOUT_MS, limit)
        // Saying goodbye has a limit of its own, two minutes unless told otherwise.
        _ = ccurl_set_response_timeout(easy.raw, max(1, limit / 1000))
        if request.user != nil {
            // A password goes over a secured connection or not at all.
            easy.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        } else {
            easy.set(CURLOPT_USE_SSL, Int(CURLUSESSL_TRY.rawValue))
            // Where plain text would do, a certificate that nobody can check is better: a server on this machine has one
            // made out to another name.
            if request.server.hasPrefix("smtp://") {
                easy.set(CURLOPT_SSL_VERIFYPEER, 0)
                easy.set(CURLOPT_SSL_VERIFYHOST, 0)
            }
        }
        if let user = request.user { easy.set(CURLOPT_USERNAME, user) }
        if let password = request.password { easy.set(CURLOPT_PASSWORD, password) }
        easy.set(CURLOPT_MAIL_FROM, "<\(request.from)>")
        _ = ccurl_set_list(easy.raw, CURLOPT_MAIL_RCPT, recipients)
        // The others get theirs though one is gone.
        easy.set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1)
        easy.set(CURLOPT_UPLOAD, 1)
        _ = ccurl_set_data_callback(easy.raw, CURLOPT_READFUNCTION, read)
        // Unretained: `source` lives until the exchange is over.
        easy.set(CURLOPT_READDATA, pointer: Unmanaged.passUnretained(source).toOpaque())
        easy.keepErrorText()
        let code = withExtendedLifetime(source) { curl_easy_perform(easy.raw) }
        guard code != CURLE_OK else { return }
        let status = easy.long(CURLINFO_RESPONSE_CODE)
        throw MailError(detail: easy.message(for: code), status: status == 0 ? nil : status)
    }
}
