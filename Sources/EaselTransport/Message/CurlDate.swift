import CCurl
import EaselBase

/// Dates of HTTP in all three forms (RFC 9110, 5.6.7), read by libcurl.
enum CurlDate {
    /// From 1970 to the end of the year 9999: libcurl reads years of any length.
    private static let isDate = 0...253_402_300_799

    static func parse(_ text: String) -> Timestamp? {
        // It takes a number for a date, too; every form of HTTP has a time.
        guard text.contains(":") else { return nil }
        let seconds = curl_getdate(text, nil)
        return isDate.contains(seconds) ? Timestamp(microseconds: Int64(seconds) * 1_000_000) : nil
    }
}
