import Foundation

/// An error that says in words for people what happened, without types, cases or secrets in it (S2).
package protocol Explained: Error {
    /// A clause that may stand after a colon: it begins with a small letter, and has no full stop unless it holds several.
    var sentence: String { get }
}

/// The one way from an error to what people read, in a log line, at a terminal or in a document.
///
/// `"\(error)"` shows how a program is built: names of cases, domains and codes; `scripts/check-text.sh` refuses it.
package func sentence(for error: any Error) -> String {
    if let explained = error as? any Explained { return explained.sentence }
    if error is CancellationError { return "it was interrupted" }
    if let decoding = error as? DecodingError { return FoundationWords.decoding(decoding) }
    if error is EncodingError { return "a value has no JSON form" }
    return FoundationWords.of(error as NSError) ?? "an unexpected error of the kind \(type(of: error))"
}

/// What errors of Foundation mean.
private enum FoundationWords {
    /// Nil for what is no error of Foundation.
    static func of(_ error: NSError) -> String? {
        let path = error.userInfo[NSFilePathErrorKey] as? String
        let name = path ?? (error.userInfo[NSURLErrorKey] as? URL)?.path
        guard let cause = cause(error) else { return nil }
        return name.map { "\($0): \(cause)" } ?? cause
    }

    private static func cause(_ error: NSError) -> String? {
        if let below = error.userInfo[NSUnderlyingErrorKey] as? NSError, let words = cause(below) { return words }
        switch error.domain {
        case NSPOSIXErrorDomain: return SystemError(Int32(clamping: error.code)).sentence
        case NSCocoaErrorDomain: break
        default: return nil
        }
        return switch CocoaError.Code(rawValue: error.code) {
        case .fileNoSuchFile, .fileReadNoSuchFile: SystemError(ENOENT).sentence
        case .fileReadNoPermission, .fileWriteNoPermission: SystemError(EACCES).sentence
        case .fileWriteFileExists: SystemError(EEXIST).sentence
        case .fileWriteOutOfSpace: SystemError(ENOSPC).sentence
        case .fileWriteVolumeReadOnly: SystemError(EROFS).sentence
        case .fileReadTooLarge: SystemError(EFBIG).sentence
        case .fileReadInvalidFileName, .fileWriteInvalidFileName: "no file can have that name"
        default: "the file system refused (\(error.code))"
        }
    }

    /// Names the place, never the value.
    static func decoding(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return "a document has another form than expected"
        }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return "a document has another form than expected" + (place.isEmpty ? "" : " at \(place)")
    }
}
