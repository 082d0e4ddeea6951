import EaselCore

extension Member {
    /// Whose things a request is about: the team that it names, or all that the caller sees (nil: every team's). A member
    /// may name its own.
    ///
    /// `reads`: the word for them in the sentence of a refusal.
    func teamID(named name: String?, in ledger: any People, reads what: String) async throws(Problem) -> Int64? {
        try await team(named: name, in: ledger, reads: what).map(\.id) ?? teamID
    }

    /// The same with the team's record; nil where none is named and the caller sees every team's.
    func team(named name: String?, in ledger: any People, reads what: String) async throws(Problem) -> TeamRecord? {
        guard teamID == nil else {
            if let name, name != known.team {
                throw Problem(.forbidden, "This key can only read the \(what) of its own team.")
            }
            return nil
        }
        guard let name else { return nil }
        let team = try await Problem.of { () async throws(LedgerError) in try await ledger.team(named: name) }
        guard let team else { throw .invalid([RequestFault("team", "is not known")]) }
        return team
    }
}
