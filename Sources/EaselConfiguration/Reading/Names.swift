/// The names that an operator gives to providers and policies: they appear in URLs, columns, metrics and headings.
enum Names {
    /// Records a fault when the name is not 1 to 64 of `a-z 0-9 - _`, beginning with a letter or a digit.
    static func check(_ name: String, _ setting: SettingReader, of thing: String) {
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789")
        guard let first = name.first, letters.contains(first), name.count <= 64,
            name.allSatisfy({ letters.contains($0) || $0 == "-" || $0 == "_" })
        else {
            setting.context.fault(
                setting.path,
                at: setting.keyPosition,
                "is no name for a \(thing); use up to 64 of a-z, 0-9, - and _, a letter or a digit first"
            )
            return
        }
    }
}
