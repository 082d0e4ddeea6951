package import Foundation

/// What is at the other end of a stream: a terminal with a width and colours, or a file or a program without.
package struct Terminal: Sendable, Hashable {
    /// Whether people sit there.
    package var isTerminal: Bool
    /// Columns, when they are known.
    package var width: Int?
    /// Whether characters beyond ASCII are shown.
    package var isUTF8: Bool
    /// Whether escape sequences for colours are welcome.
    package var supportsColour: Bool
    /// Whether a line can be drawn over: not in files, and not with `TERM=dumb`.
    package var movesCursor: Bool
    /// What stands for the character ESC in its style.
    package var escape = "\u{1B}"

    package init(isTerminal: Bool, width: Int?, isUTF8: Bool, supportsColour: Bool, movesCursor: Bool) {
        self.isTerminal = isTerminal
        self.movesCursor = movesCursor
        self.width = width
        self.isUTF8 = isUTF8
        self.supportsColour = supportsColour
    }

    /// Standard output or standard error of this process.
    package static func of(
        _ handle: FileHandle,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Terminal {
        let descriptor = handle.fileDescriptor
        return Terminal(
            isTerminal: isatty(descriptor) == 1,
            measuredWidth: measure(descriptor),
            environment: environment
        )
    }

    /// The decisions, made of what was asked of the system.
    ///
    /// - `COLUMNS` goes before the measured width, for tests and for people who pipe.
    /// - Colours: only on a terminal, not with `NO_COLOR` (any value but an empty one), not with `TERM=dumb`.
    /// - UTF-8: by the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set, as the C library reads them.
    package init(isTerminal: Bool, measuredWidth: Int?, environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        self.isTerminal = isTerminal
        width = value("COLUMNS").flatMap { Int($0) }.flatMap { (1...10_000).contains($0) ? $0 : nil } ?? measuredWidth
        movesCursor = isTerminal && value("TERM") != "dumb"
        supportsColour = movesCursor && value("NO_COLOR") == nil
        let locale = (value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? "").lowercased()
        isUTF8 = locale.hasSuffix("utf-8") || locale.hasSuffix("utf8")
    }

    /// How tables look there. Text for a file or a program is not bound to a width unless `COLUMNS` says so.
    package var style: TextStyle {
        TextStyle(width: width ?? (isTerminal ? 80 : nil), unicode: isUTF8, colour: supportsColour, escape: escape)
    }

    private static func measure(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
