/// Words that other programs use for what a command of ours does.
enum Synonyms {
    private static let looks: Set = ["show", "explain", "get", "view", "describe", "info", "cat", "inspect"]

    private static let classes: [Set<String>] = [
        looks,
        ["list", "ls", "all", "index"],
        ["rm", "remove", "delete", "del", "revoke", "drop", "destroy", "unset"],
        ["create", "add", "new", "make"],
        ["set", "update", "change", "edit", "put", "modify", "rename"],
        ["tail", "follow", "watch", "logs"],
        ["verify", "check", "test", "validate", "lint"],
        ["mute", "silence", "snooze"],
    ]

    /// The command among those given that a word means, where it is only one.
    static func match(_ word: String, among names: [String]) -> String? {
        let word = word.lowercased()
        guard let kind = classes.first(where: { $0.contains(word) }) else { return nil }
        let found = names.filter { kind.contains($0) }
        return found.count == 1 ? found.first : nil
    }

    /// Whether a command shows one thing.
    static func isLook(_ name: String) -> Bool { looks.contains(name) }
}
