package import EaselBase

/// How grave an alert is.
package enum AlertSeverity: String, Sendable, Hashable, Codable, CaseIterable {
    case info, warning, critical
}

/// What a rule found out about one subject.
package struct AlertFinding: Sendable, Hashable {
    /// Whom it is about: `team:design`, `provider:runware`, `all`.
    package var subject: String
    /// Which one of those that come again, as a budget's window: a new one begins with nothing.
    package var instance: String
    /// 0 within bounds; a higher one is worse. A budget's is the percent of the threshold that it passed.
    package var level: Int
    package var severity: AlertSeverity
    /// The figure in a few characters: `83%`.
    package var value: String
    /// A sentence.
    package var summary: String
    /// The figures for programs.
    package var details: JSONDocument
    /// Nothing is known right now: what stood before stands on.
    package var isUncertain = false

    package init(
        subject: String,
        instance: String = "",
        level: Int,
        severity: AlertSeverity = .warning,
        value: String,
        summary: String,
        details: JSONDocument = [:]
    ) {
        self.subject = subject
        self.instance = instance
        self.level = level
        self.severity = severity
        self.value = value
        self.summary = summary
        self.details = details
    }

    /// Whether people read the same in both.
    func reads(as other: AlertFinding) -> Bool {
        value == other.value && summary == other.summary && severity == other.severity
    }
}

/// What a rule last found out about a subject, as it is kept between two looks.
package struct AlertState: Sendable, Hashable {
    package var rule: String
    package var finding: AlertFinding
    /// Since when it stands at this level.
    package var since: Timestamp
    /// Since when it has been within bounds while it is still told as firing.
    package var calmSince: Timestamp?
    /// Whether people know that it fires: not where it was muted.
    package var isTold: Bool
    package var updatedAt: Timestamp

    package init(
        rule: String,
        finding: AlertFinding,
        since: Timestamp,
        calmSince: Timestamp? = nil,
        isTold: Bool = true,
        updatedAt: Timestamp
    ) {
        self.rule = rule
        self.finding = finding
        self.since = since
        self.calmSince = calmSince
        self.isTold = isTold
        self.updatedAt = updatedAt
    }

    package var isFiring: Bool { finding.level > 0 }
}

/// A change of a state that people are told of.
package struct AlertChange: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        case fired = "alert.fired"
        /// It fires still, at another level.
        case changed = "alert.changed"
        case resolved = "alert.resolved"
    }

    package var kind: Kind
    package var state: AlertState
    package var previousLevel: Int

    package init(kind: Kind, state: AlertState, previousLevel: Int) {
        self.kind = kind
        self.state = state
        self.previousLevel = previousLevel
    }
}

/// Compares what a rule found with what it found before: the decision is here, once, and pure.
package enum AlertComparison {
    /// - Parameters:
    ///   - before: the states of this rule, by subject.
    ///   - findings: of every subject that was looked at; a subject that is missing is within bounds.
    /// - Returns: states to write, and the changes among them that are told. Each change of a state is told once.
    package static func compare(
        _ rule: AlertRule,
        before: [String: AlertState],
        findings: [AlertFinding],
        now: Timestamp
    ) -> (states: [AlertState], changes: [AlertChange]) {
        var states: [AlertState] = []
        var changes: [AlertChange] = []
        func step(_ old: AlertState?, _ finding: AlertFinding) {
            let (state, kind) = next(rule, old, finding, now)
            guard let state else { return }
            states.append(state)
            if let kind {
                changes.append(AlertChange(kind: kind, state: state, previousLevel: old?.finding.level ?? 0))
            }
        }
        for finding in findings { step(before[finding.subject], finding) }
        let seen = Set(findings.map(\.subject))
        for (subject, old) in before.sorted(by: { $0.key < $1.key }) where old.isFiring && !seen.contains(subject) {
            var gone = old.finding
            gone.level = 0
            gone.value = ""
            gone.summary = "No longer seen: \(old.finding.summary)"
            step(old, gone)
        }
        return (states, changes)
    }

    /// The state to write, if any, and what is told of it.
    private static func next(
        _ rule: AlertRule,
        _ old: AlertState?,
        _ finding: AlertFinding,
        _ now: Timestamp
    ) -> (AlertState?, AlertChange.Kind?) {
        let fresh = AlertState(rule: rule.name, finding: finding, since: now, updatedAt: now)
        guard let old, old.isFiring else {
            // A subject that never fired has no state.
            guard finding.level > 0, !finding.isUncertain else { return (nil, nil) }
            return (fresh, .fired)
        }
        guard !finding.isUncertain else { return (nil, nil) }
        if finding.level > 0 {
            if finding.instance != old.finding.instance { return (fresh, .fired) }
            if finding.level != old.finding.level { return (fresh, .changed) }
            guard !old.finding.reads(as: finding) || old.calmSince != nil else { return (nil, nil) }
            return (AlertState(rule: rule.name, finding: finding, since: old.since, updatedAt: now), nil)
        }
        // A new window is not a spell of calm.
        let calmSince = finding.instance == old.finding.instance ? old.calmSince ?? now : Timestamp(microseconds: 0)
        guard now >= calmSince + rule.resolveAfter else {
            guard old.calmSince == nil else { return (nil, nil) }
            var waiting = old
            waiting.calmSince = now
            waiting.updatedAt = now
            return (waiting, nil)
        }
        return (fresh, .resolved)
    }
}
