import EaselCore
import Foundation

extension SettingReader {
    /// An `http` or `https` address without user, query and fragment; slashes at its end are cut off.
    ///
    /// Messages do not repeat it: somebody may have put a password into it (S2).
    func webAddress() -> String? {
        guard let text = text() else { return nil }
        if let problem = WebAddressText.problem(text) {
            fault(problem)
            return nil
        }
        var address = text
        while address.hasSuffix("/") { address.removeLast() }
        return address
    }

    /// Ranges of IP addresses.
    func networks() -> [IPNetwork]? {
        list()?
            .compactMap { item in
                item.scalar("a range of addresses such as 127.0.0.0/8 or fd00::/8, no bits set behind its length") {
                    IPNetwork($0)
                }
            }
    }
}

enum WebAddressText {
    /// What is wrong with the text as an address, or nil; without repeating it.
    static func problem(_ text: String) -> String? {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host, !host.isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return "wants an address such as https://api.example.com/v1" }
        return switch () {
        case _ where !["http", "https"].contains(scheme): "wants an address that begins with http:// or https://"
        case _ where parts.user != nil || parts.password != nil:
            "has a user or a password in it; remove it, keys have their own setting"
        case _ where parts.query != nil || parts.fragment != nil: "has a query (`?...`) or a fragment; remove it"
        default: nil
        }
    }
}
