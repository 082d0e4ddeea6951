import EaselBase
import CYAML

/// One event of a YAML document as a Swift value: what libyaml's parser saw, without its pointers.
enum YAMLEvent {
    case streamStart
    case documentStart
    case documentEnd
    case streamEnd
    /// `plain` is false for quoted and block scalars: those are text whatever they look like.
    case scalar(String, plain: Bool, anchor: String?, tagged: Bool)
    case sequenceStart(anchor: String?, tagged: Bool)
    case sequenceEnd
    case mappingStart(anchor: String?, tagged: Bool)
    case mappingEnd
    case alias(String)
}

/// Why a text is no YAML document, and where.
struct YAMLSyntaxError: Error {
    let position: SourcePosition
    let message: String
}

/// Reads events out of a text with libyaml; every pointer of the library stays in this file.
///
/// A class, because libyaml keeps pointers into its parser and into the text, which must not move; both live on the
/// heap from `init` to `deinit`.
final class YAMLEventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// Nil when there is no memory for a parser.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            return nil
        }
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
        _ = input.initialize(from: bytes)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        // Without this, the first bytes of a text could make libyaml take it for UTF-16.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        self.parser = parser
        self.input = input
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event and where it begins. After `streamEnd` or an error it must not be called again.
    func next() throws(YAMLSyntaxError) -> (event: YAMLEvent, position: SourcePosition) {
        // yaml_parser_parse fills the whole struct before anything reads it, on failure with zeros.
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&raw) }
        let position = SourcePosition(raw.start_mark)
        if raw.type == YAML_SCALAR_EVENT {
            let scalar = UnsafeBufferPointer(start: raw.data.scalar.value, count: raw.data.scalar.length)
            if StackedMarks.find(in: scalar) != nil {
                throw YAMLSyntaxError(position: position, message: StackedMarks.sentence)
            }
        }
        return (event(raw), position)
    }

    private func event(_ raw: yaml_event_t) -> YAMLEvent {
        switch raw.type {
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(raw.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            let value = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return .scalar(
                value,
                plain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(scalar.anchor),
                tagged: scalar.tag != nil
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = raw.data.sequence_start
            return .sequenceStart(anchor: text(start.anchor), tagged: start.tag != nil)
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let start = raw.data.mapping_start
            return .mappingStart(anchor: text(start.anchor), tagged: start.tag != nil)
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamStart
        }
    }

    private func text(_ pointer: UnsafePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func syntaxError() -> YAMLSyntaxError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "out of memory"
        guard state.error != YAML_READER_ERROR else {
            // The reader is ahead of the marks, so only the byte's offset tells where it stopped.
            return YAMLSyntaxError(
                position: position(ofByte: state.problem_offset),
                message: "is not valid YAML: \(problem) (a character that a text file must not hold)"
            )
        }
        var message = "is not valid YAML: \(problem)"
        if let context = state.context.map({ String(cString: $0) }) {
            message += ", \(context)"
            if state.context_mark.line != state.problem_mark.line {
                message += " that begins on line \(state.context_mark.line + 1)"
            }
        }
        if isTab(state.problem_mark) { message += " (indent with spaces, not with tabs)" }
        return YAMLSyntaxError(position: SourcePosition(state.problem_mark), message: message)
    }

    private func isTab(_ mark: yaml_mark_t) -> Bool {
        // The mark counts characters; before the first one outside ASCII they are bytes, which is enough for a hint.
        mark.index < input.count && input[mark.index] == UInt8(ascii: "\t")
    }

    private func position(ofByte offset: Int) -> SourcePosition {
        let before = input.prefix(min(offset, input.count))
        let lineStart = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        return SourcePosition(
            line: before.count(where: { $0 == UInt8(ascii: "\n") }) + 1,
            column: String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
        )
    }
}

extension SourcePosition {
    /// libyaml counts from 0.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
