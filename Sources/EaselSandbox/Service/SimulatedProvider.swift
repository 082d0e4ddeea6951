package import EaselCore

/// A kind of provider as the sandbox gets to know it: all that is said of it outside of its own folder.
package struct SimulatedProvider: Sendable {
    package let kind: ProviderKind
    /// What a client's base address has behind `http://HOST:PORT/KIND`, such as `/v1`.
    package let path: String
    /// Paths below `/KIND` that end in an id; requests to each are counted together.
    package let idPaths: [String]
    let make: @Sendable (SandboxContext) -> any SimulatedService

    package init(
        kind: ProviderKind,
        path: String = "",
        idPaths: [String] = [],
        make: @escaping @Sendable (SandboxContext) -> any SimulatedService
    ) {
        self.kind = kind
        self.path = path
        self.idPaths = idPaths
        self.make = make
    }
}

/// What a simulated provider does with requests.
package protocol SimulatedService: Sendable {
    /// Answers a request; its path is below `/KIND`.
    func answer(_ call: SandboxCall) async -> SandboxReply
    /// Forgets everything.
    func reset()
}
