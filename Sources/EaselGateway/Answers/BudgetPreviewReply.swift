import EaselBase
import EaselCore

/// What would come of a change, as the interface shows it.
struct BudgetPreviewReply: JSONWritable {
    let preview: BudgetPreview
    let moment: Timestamp

    func write(to text: inout JSONText) {
        text.object { text in
            text.member("preview", true)
            text.member("budget", BudgetFigures(preview.writing.after, at: moment, writing: preview.writing))
            text.key("teams")
            text.array(preview.teams) { text, team in
                text.object { text in
                    text.member("team", team.name)
                    text.member("keys", team.keys)
                    text.member("spent_usd", team.spent.usd)
                    text.member("reserved_usd", team.reserved.usd)
                }
            }
            text.member("refuses_all", preview.refusesAll(at: moment))
        }
    }
}
