import CIDN2

/// Names with letters beyond ASCII, as the name service knows them.
enum HostName {
    /// The ASCII form of a name (UTS 46 without the transitional mapping, as browsers do, and IDNA 2008 by libidn2): upper case,
    /// full-width letters and digits and other dots are mapped. Nil for what no registry could hold.
    static func ascii(_ name: String) -> String? {
        guard !name.utf8.allSatisfy({ $0 < 0x80 }) else { return name.lowercased() }
        var text: UnsafeMutablePointer<CChar>?
        let flags = Int32(IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue)
        guard idn2_to_ascii_8z(name, &text, flags) == IDN2_OK.rawValue, let text else { return nil }
        defer { idn2_free(text) }
        return String(cString: text).lowercased()
    }
}
