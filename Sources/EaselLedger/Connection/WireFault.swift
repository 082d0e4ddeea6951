/// What goes wrong between a ledger and its database, for tests that walk through every statement of a call. No program
/// sets it.
package struct WireFault: Sendable {
    /// What becomes of one round trip.
    package enum Act: Sendable, Hashable {
        case pass
        /// The server refuses the command at this position with this SQLSTATE.
        case fail(command: Int, sqlState: String)
        /// The connection ends before anything reaches the server.
        case cutBefore
        /// The server does everything, and the answer is lost.
        case cutAfter
    }

    /// Decides by the texts of a round trip's commands.
    package let decide: @Sendable ([String]) -> Act

    package init(decide: @escaping @Sendable ([String]) -> Act) {
        self.decide = decide
    }
}
