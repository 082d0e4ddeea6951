import EaselBase
import Foundation
import Testing

@testable import EaselCore

/// Names that look alike are one name, and who may spend for which.
@Suite struct ProjectRuleTests {
    private let composed = "caf\u{E9}"
    private let apart = "cafe\u{301}"

    private func account(_ project: String? = nil, bound: Bool = false, known: [String]? = nil) -> Account {
        Account(
            teamID: 1,
            team: "design",
            keyID: UUID(),
            role: .member,
            project: project,
            isProjectBound: bound,
            knownProjects: known
        )
    }

    private func bytes(_ text: String?) -> [UInt8] { Array((text ?? "").utf8) }

    @Test(arguments: [
        ("cafe\u{301}", "caf\u{E9}"), ("\u{212B}", "\u{C5}"), ("\u{1100}\u{1161}", "\u{AC00}"),
        ("a\u{323}\u{307}", "\u{1EA1}\u{307}"),
        ("spring", "spring"), ("", ""),
    ])
    func `one name has one spelling`(text: String, expected: String) {
        // Strings compare by what they mean; databases by their bytes.
        #expect(bytes(text.nfc) == bytes(expected) && bytes(expected.nfc) == bytes(expected))
    }

    @Test func `names of a request are composed, tags as well`() {
        var draft = RemixDraft()
        draft.project = apart
        draft.policy = apart
        draft.tags = [apart: apart, "x": "y"]
        draft.composeNames()
        #expect(bytes(draft.project) == bytes(composed) && bytes(draft.policy) == bytes(composed))
        #expect(draft.tags?.count == 2)
        #expect(draft.tags?.contains { bytes($0.key) == bytes(composed) && bytes($0.value) == bytes(composed) } == true)
    }

    @Test func `a budget's scope is composed`() {
        guard case .project("design", let name)? = BudgetScope("project:design/\(apart)") else {
            Issue.record("not a project's scope")
            return
        }
        #expect(bytes(name) == bytes(composed))
    }

    @Test func `a key that is bound spends for its own project only`() {
        let free = account("spring")
        #expect(ProjectRule.check("autumn", of: free) == .fine)
        let bound = account("spring", bound: true)
        #expect(ProjectRule.check(nil, of: bound) == .fine && ProjectRule.check("spring", of: bound) == .fine)
        for other in ["autumn", "Spring", "spring ", ""] {
            guard case .forbidden(let sentence) = ProjectRule.check(other, of: bound) else {
                Issue.record("\(other) passed")
                continue
            }
            #expect(sentence.contains("\"spring\""))
        }
        #expect(ProjectRule.check(apart, of: account(composed, bound: true)) == .fine)
    }

    @Test func `a team that lists its projects wants one of them named`() {
        let known = ["spring", composed]
        #expect(ProjectRule.check("spring", of: account(known: known)) == .fine)
        #expect(ProjectRule.check(apart, of: account(known: known)) == .fine)
        // The key's own counts where none is named.
        #expect(ProjectRule.check(nil, of: account("spring", known: known)) == .fine)
        for (asked, own) in [(nil, nil), ("autumn", nil), ("autumn", "spring"), (nil, "autumn")] as [(String?, String?)]
        {
            guard case .invalid(let sentence) = ProjectRule.check(asked, of: account(own, known: known)) else {
                Issue.record("\(asked ?? "none") passed")
                continue
            }
            #expect(sentence.contains("spring"))
        }
        let many = (0..<500).map { "p\($0)" }
        guard case .invalid(let sentence) = ProjectRule.check("x", of: account(known: many)) else {
            Issue.record("x passed")
            return
        }
        #expect(sentence.utf8.count < 300)
    }
}
