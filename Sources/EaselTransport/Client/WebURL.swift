/// An absolute http or https URL in the form that goes over the wire.
///
/// Read as browsers read what people paste (WHATWG URL standard): blanks around it and line breaks inside do not matter, a
/// backslash is a slash, spaces and letters beyond ASCII are percent-encoded in path and query and by IDNA in the host, and a
/// host of numbers is an address, however it is written. Which addresses may be reached is not decided here but where the
/// connection is opened (S3), on the very form that this type gives.
package struct WebURL: Sendable, Hashable {
    /// The longest that is looked at, in bytes of UTF-8.
    package static let maxBytes = 8192

    /// Why a text cannot be fetched.
    package enum Fault: Error, Sendable, Hashable {
        case tooLong
        case notAbsolute
        /// Another scheme than http and https.
        case scheme(String)
        case noHost
        /// The host cannot exist.
        case host
        case port
        /// A user name or a password stands before the host.
        case credentials

        /// For the caller who gave the URL.
        package var sentence: String {
            switch self {
            case .tooLong: "is a URL of more than \(WebURL.maxBytes) bytes"
            case .notAbsolute, .noHost: "must be an http or https URL with a host"
            case .scheme(let name): "is a URL of the scheme \(name); only http and https are fetched"
            case .host: "is a URL whose host is no valid name or address"
            case .port: "is a URL whose port is not from 0 to 65535"
            case .credentials: "is a URL with a user name or a password in it, which is not sent on"
            }
        }
    }

    /// The whole URL, ASCII only, without a fragment.
    package let text: String
    /// `scheme://host:port` in lower case, with the port spelled out.
    package let origin: String

    /// Reads a text. Throws ``Fault``.
    package init(_ given: String) throws(Fault) {
        guard given.utf8.count <= Self.maxBytes else { throw .tooLong }
        let clean = Self.cleaned(given)
        guard let colon = clean.firstIndex(of: ":"), Self.isScheme(clean[..<colon]) else { throw .notAbsolute }
        let scheme = String(clean[..<colon]).lowercased()
        guard scheme == "http" || scheme == "https" else { throw .scheme(scheme) }
        var rest = clean[clean.index(after: colon)...]
        let pathEnd = rest.firstIndex { $0 == "?" || $0 == "#" } ?? rest.endIndex
        let after = rest[pathEnd...]
        rest = Self.slashed(rest[..<pathEnd])
        // Browsers take any number of slashes; of three and more the host has been forgotten.
        let slashes = rest.prefix { $0 == "/" }.count
        guard slashes <= 2 else { throw .noHost }
        rest = rest.dropFirst(slashes)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else { throw .credentials }
        let (host, port) = try Self.hostAndPort(authority, scheme)
        let path = rest[authority.endIndex...]
        let query = after.prefix { $0 != "#" }
        let place = port.map { "\(host):\($0)" } ?? host
        let url =
            "\(scheme)://\(place)\(path.isEmpty ? "/" : Self.encoded(path, Self.encodedInPath))"
            + Self.encoded(query, Self.encodedInQuery)
        // What libcurl would connect to is compared with what was read here, so that no difference between two readers
        // can be used (S3).
        guard let read = CurlURL.read(url), read.host == host else { throw .host }
        text = read.url
        origin = "\(scheme)://\(host):\(port ?? (scheme == "https" ? 443 : 80))"
    }

    /// What a `Location` means in an answer to this URL. Throws ``Fault``.
    package func resolving(_ reference: String) throws(Fault) -> WebURL {
        guard reference.utf8.count <= Self.maxBytes else { throw .tooLong }
        let clean = Self.cleaned(reference)
        if let absolute = try? WebURL(String(clean)) { return absolute }
        // A backslash is a slash here too, so that `\\host` is not a path for one reader and a host for the next.
        let path = clean.prefix { $0 != "?" && $0 != "#" }
        let reference =
            Self.encoded(Self.slashed(path), Self.encodedInPath)
            + Self.encoded(clean[path.endIndex...].prefix { $0 != "#" }, Self.encodedInQuery)
        guard let whole = CurlURL.resolve(reference, against: text) else { throw .notAbsolute }
        return try WebURL(whole)
    }

    // MARK: - Parts

    private typealias Scalars = Substring.UnicodeScalarView

    /// Without blanks and controls at its ends, and without tabs and line breaks anywhere.
    private static func cleaned(_ text: String) -> Scalars {
        let kept = text.unicodeScalars.filter { $0 != "\t" && $0 != "\n" && $0 != "\r" }
        let begun = String.UnicodeScalarView(kept).drop { $0.value <= 0x20 }
        let end = begun.lastIndex { $0.value > 0x20 }.map { begun.index(after: $0) } ?? begun.startIndex
        return Substring(begun[..<end]).unicodeScalars
    }

    /// With slashes for backslashes.
    private static func slashed(_ text: Scalars) -> Scalars {
        var slashed = String.UnicodeScalarView()
        for scalar in text { slashed.append(scalar == "\\" ? "/" : scalar) }
        return Substring(String(slashed)).unicodeScalars
    }

    private static func isScheme(_ text: Scalars) -> Bool {
        guard let first = text.first, text.count <= 32 else { return false }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) }
        return isLetter(first)
            && text.allSatisfy { isLetter($0) || ("0"..."9").contains($0) || "+-.".unicodeScalars.contains($0) }
    }

    /// The host in the form that is resolved, IPv6 in brackets, and the port where it is not the scheme's own.
    private static func hostAndPort(_ authority: Scalars, _ scheme: String) throws(Fault) -> (String, Int?) {
        let bracket = authority.first == "[" ? authority.firstIndex(of: "]") : nil
        if authority.first == "[", bracket == nil { throw .host }
        let colon = authority[(bracket ?? authority.startIndex)...].firstIndex(of: ":")
        let name = authority[..<(colon ?? authority.endIndex)]
        guard !name.isEmpty else { throw .noHost }
        var port: Int?
        if let colon {
            let digits = authority[authority.index(after: colon)...]
            guard digits.allSatisfy({ ("0"..."9").contains($0) }), digits.count <= 16 else { throw .port }
            if !digits.isEmpty {
                guard let number = Int(String(digits)), number <= 65_535 else { throw .port }
                port = number == (scheme == "https" ? 443 : 80) ? nil : number
            }
        }
        return (try host(String(name)), port)
    }

    private static func host(_ given: String) throws(Fault) -> String {
        if given.hasPrefix("[") {
            guard given.hasSuffix("]"), !given.contains("%"), let address = IPAddress(given.dropFirst().dropLast()),
                address.bytes.count == 16
            else { throw .host }
            return "[\(address)]"
        }
        guard let plain = percentDecoded(given), let name = HostName.ascii(plain) else { throw .host }
        guard !name.isEmpty, name != "." else { throw .noHost }
        guard name.utf8.count <= 254, name.utf8.allSatisfy(isHostByte) else { throw .host }
        switch NumericHost.read(name) {
        case .name: return name
        case .address(let address): return "\(address)"
        case .impossible: throw .host
        }
    }

    /// Letters, digits, and what stands between them. `_` is in no registered name, but in many of private services.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    private static func percentDecoded(_ text: String) -> String? {
        guard text.utf8.contains(0x25) else { return text }
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            if byte == 0x25, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16), rest.count >= 2 {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static let encodedInPath = Set(" \"<>`{}^|".utf8)
    private static let encodedInQuery = Set(" \"<>'".utf8)

    /// Percent-encodes what may not stand there; what is encoded already stays.
    private static func encoded(_ text: Scalars, _ set: Set<UInt8>) -> String {
        var encoded: [UInt8] = []
        for byte in String(text).utf8 {
            guard byte <= 0x20 || byte >= 0x7F || set.contains(byte) else {
                encoded.append(byte)
                continue
            }
            let digits = Array("0123456789ABCDEF".utf8)
            encoded += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

/// Hosts that are addresses of version 4 in one of their many spellings (WHATWG URL standard, "IPv4 parser"): `127.1`,
/// `0x7f000001`, `017700000001`, `2130706433`, each also with a dot at the end.
enum NumericHost: Equatable {
    case name
    case address(IPAddress)
    /// It ends in a number, and is no address.
    case impossible

    static func read(_ host: String) -> NumericHost {
        var parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
        guard let last = parts.last, !last.isEmpty,
            last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || number(last) != nil
        else { return .name }
        guard parts.count <= 4 else { return .impossible }
        var numbers: [UInt64] = []
        for part in parts {
            guard let value = number(part) else { return .impossible }
            numbers.append(value)
        }
        // All but the last are one byte each; the last fills what is left.
        guard numbers.dropLast().allSatisfy({ $0 <= 255 }), let tail = numbers.last,
            tail < UInt64(1) << UInt64(8 * (5 - numbers.count))
        else { return .impossible }
        let value = numbers.dropLast().enumerated().reduce(tail) { $0 | $1.element << UInt64(8 * (3 - $1.offset)) }
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt64(24 - 8 * $0)) }
        return IPAddress(bytes: bytes).map { .address($0) } ?? .impossible
    }

    /// Decimal, hexadecimal behind `0x`, or octal behind a zero.
    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.count <= 32, !text.hasPrefix("+"), !text.hasPrefix("-") else { return nil }
        if text.hasPrefix("0x") { return text.count == 2 ? 0 : hexadecimal(text.dropFirst(2)) }
        if text.count > 1, text.hasPrefix("0") { return UInt64(text.dropFirst(), radix: 8) }
        return UInt64(text)
    }

    private static func hexadecimal(_ text: Substring) -> UInt64? {
        text.utf8.allSatisfy { $0 != 0x2B && $0 != 0x2D } ? UInt64(text, radix: 16) : nil
    }
}
