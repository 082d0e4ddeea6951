import CCurl
import EaselBase

/// Dates of HTTP in all three forms (RFC 9110, 5.6.7), read by libcurl.
enum CurlDate {
    static func parse(_ text: String) -> Timestamp? {
        // It takes a number for a date of its own.
        guard text.hasSuffix("GMT") || text.contains(":") else { return nil }
        let seconds = curl_getdate(text, nil)
        return seconds < 0 ? nil : Timestamp(microseconds: Int64(seconds) * 1_000_000)
    }
}
