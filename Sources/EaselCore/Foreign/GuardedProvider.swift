import EaselBase

/// A provider behind the door: whatever it says, also one that is added later, has gone through `ForeignDoor`.
package struct GuardedProvider: Provider {
    private let base: any Provider

    package init(_ base: any Provider) {
        self.base = base
    }

    package var name: String { base.name }
    package var kind: ProviderKind { base.kind }
    package var maxInFlight: Int { base.maxInFlight }
    package var timeout: Duration { base.timeout }
    package var billingNames: BillingNames { base.billingNames }
    package var secrets: [String] { base.secrets }
    package var keyNames: [String] { base.keyNames }

    package func translate(_ request: RemixRequest) -> ProviderTranslation { base.translate(request) }

    package func perform(_ task: ProviderTask) async -> Exchange {
        door(task.request.words).fit(await base.perform(task))
    }

    package func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        door(task.words).fit(await base.poll(task, timeout: timeout))
    }

    package func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        door(task.words).fit(await base.recover(task, timeout: timeout))
    }

    package func usage(_ span: ReconciliationSpan, models: [String]) async -> ProviderUsage {
        door([]).fit(await base.usage(span, models: models))
    }

    private func door(_ prompts: [String]) -> ForeignDoor {
        ForeignDoor(secrets: base.secrets, prompts: prompts, names: base.keyNames)
    }
}

extension RemixRequest {
    /// What the caller wrote, which must not come back in a provider's words.
    package var words: [String] { [prompt] + (negativePrompt.map { [$0] } ?? []) }
}
