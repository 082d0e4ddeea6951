import EaselCore

extension QualityText {
    /// Lines that fit, with a newline at the end of each.
    func lines(_ style: TextStyle) -> String {
        let text = "Data quality: \(sentence)"
        return style.wrapped(text).map { (isWhole ? $0 : style.yellow($0)) + "\n" }.joined()
    }
}
