package import EaselBase

// Written on every call, so straight into bytes.
extension PlanInputs: JSONWritable {
    package func write(to text: inout JSONText) {
        text.object { text in
            text.member("policy", policy)
            text.key("path")
            text.array(path) { $0.string($1) }
            text.key("request")
            text.object { text in
                text.member("count", request.count)
                text.member("strict", request.strict)
                if request.allowsUnchecked { text.member("allows_unchecked", true) }
                if let maxCost = request.maxCost { text.member("max_cost_usd", maxCost.usd) }
                if let deadline = request.deadline { text.member("deadline_ms", Int(deadline.milliseconds)) }
            }
            text.member("draw", Self.hex(draw))
            text.member("call_draw", Self.hex(callDraw))
            text.member("requires_price", requiresPrice)
            // In ten-thousandths of a percent: a whole number is read back as it was.
            if let percent = budgetLeftPercent {
                text.member("budget_left_ppm", Int(saturating: (percent * 10_000).rounded()))
            }
            text.key("offers")
            text.array(offers) { $1.write(to: &$0) }
        }
    }

    private static func hex(_ number: UInt64) -> String { String(number, radix: 16) }
}

extension PlanInputs: Decodable {
    private enum CodingKeys: String, CodingKey {
        case policy, path, request, draw, offers
        case callDraw = "call_draw"
        case requiresPrice = "requires_price"
        case budgetLeft = "budget_left_ppm"
    }

    private struct StoredRequest: Decodable {
        let count: Int
        let strict: Bool?
        let allows_unchecked: Bool?
        let max_cost_usd: String?
        let deadline_ms: Int?
    }

    /// Reads what `write` wrote. Throws `DecodingError` when it is something else.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func draw(_ key: CodingKeys) throws -> UInt64 {
            guard let number = UInt64(try values.decode(String.self, forKey: key), radix: 16) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "no number")
            }
            return number
        }
        let request = try values.decode(StoredRequest.self, forKey: .request)
        self.init(
            request: Request(
                count: request.count,
                strict: request.strict ?? false,
                allowsUnchecked: request.allows_unchecked ?? false,
                maxCost: request.max_cost_usd.flatMap { Money(usd: $0) },
                deadline: request.deadline_ms.map { .milliseconds($0) }
            ),
            policy: try values.decode(Policy.self, forKey: .policy),
            path: try values.decodeIfPresent([String].self, forKey: .path) ?? [],
            offers: try values.decode([ProviderOffer].self, forKey: .offers),
            draw: try draw(.draw),
            callDraw: try draw(.callDraw),
            requiresPrice: try values.decodeIfPresent(Bool.self, forKey: .requiresPrice) ?? false,
            budgetLeftPercent: try values.decodeIfPresent(Int.self, forKey: .budgetLeft).map { Double($0) / 10_000 }
        )
    }

    /// Reads what `write` wrote; nil when it is something else, such as a plan of a version that stored other inputs.
    package init?(json: [UInt8]) {
        guard let inputs = try? JSON.decode(PlanInputs.self, from: json, isOurOwn: true) else { return nil }
        self = inputs
    }
}

extension ProviderOffer: JSONWritable {
    package func write(to text: inout JSONText) {
        text.object { text in
            text.member("provider", provider)
            text.member("kind", kind.rawValue)
            text.member("provider_model", translation.providerModel)
            text.member("images_per_request", translation.imagesPerRequest)
            if let impossible = translation.impossible { text.member("impossible", impossible) }
            // What is honoured exactly makes no difference to a plan.
            let losses = translation.lossTable
            if !losses.isEmpty {
                text.key("losses")
                text.object { text in
                    for (parameter, action) in losses { text.member(parameter, action.rawValue) }
                }
            }
            if !capabilities.isEmpty { text.member("capabilities", capabilities) }
            if let pricePerImage { text.member("price_usd", pricePerImage.usd) }
            func put(_ name: String, _ milliseconds: Int64?) {
                if let milliseconds { text.member(name, Int(milliseconds)) }
            }
            put("usual_ms", expectedLatencyMS)
            put("slow_ms", slowLatencyMS)
            if let success { text.member("success", success.text) }
            if loadPercent != 0 { text.member("load_percent", loadPercent) }
            put("wait_ms", expectedWaitMS)
            put("fastest_ms", fastestFinishMS)
            if queueFull { text.member("queue_full", true) }
            if let demoted { text.member("demoted", demoted) }
            if isProbe { text.member("probe", true) }
            if let unavailable {
                text.member("unavailable", unavailable.reason)
                put("retry_after_ms", unavailable.retryAfter.milliseconds)
            }
        }
    }
}

extension ProviderOffer: Decodable {
    private enum CodingKeys: String, CodingKey {
        case provider, kind, impossible, losses, capabilities, success, demoted, probe, unavailable
        case providerModel = "provider_model"
        case imagesPerRequest = "images_per_request"
        case price = "price_usd"
        case usual = "usual_ms"
        case slow = "slow_ms"
        case load = "load_percent"
        case wait = "wait_ms"
        case fastest = "fastest_ms"
        case queueFull = "queue_full"
        case retryAfter = "retry_after_ms"
    }

    /// Reads what `write` wrote. Throws `DecodingError` when it is something else.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try values.decodeIfPresent(String.self, forKey: key) }
        func flag(_ key: CodingKeys) throws -> Bool { try values.decodeIfPresent(Bool.self, forKey: key) ?? false }
        func duration(_ key: CodingKeys) throws -> Duration? {
            try values.decodeIfPresent(Int.self, forKey: key).map { .milliseconds($0) }
        }
        let losses = try values.decodeIfPresent([String: TranslationEntry.Action].self, forKey: .losses) ?? [:]
        self.init(
            provider: try values.decode(String.self, forKey: .provider),
            kind: try values.decode(ProviderKind.self, forKey: .kind),
            translation: ProviderTranslation(
                providerModel: try values.decode(String.self, forKey: .providerModel),
                // In one order, whatever the order of the members was.
                entries: losses.isEmpty
                    ? []
                    : RemixParameter.allCases.compactMap { parameter in
                        losses[parameter.rawValue].map { TranslationEntry(parameter, nil, $0) }
                    },
                imagesPerRequest: try values.decode(Int.self, forKey: .imagesPerRequest),
                impossible: try text(.impossible)
            ),
            capabilities: RemixParameters(
                try values.decodeIfPresent([RemixParameter].self, forKey: .capabilities) ?? []
            ),
            pricePerImage: try text(.price).flatMap { Money(usd: $0) },
            expectedLatency: try duration(.usual),
            slowLatency: try duration(.slow),
            success: try text(.success).flatMap { Share($0) },
            loadPercent: try values.decodeIfPresent(Int.self, forKey: .load) ?? 0,
            expectedWait: try duration(.wait),
            fastestFinish: try duration(.fastest),
            queueFull: try flag(.queueFull),
            demoted: try text(.demoted),
            isProbe: try flag(.probe),
            unavailable: try text(.unavailable)
                .map { Unavailability(reason: $0, retryAfter: try duration(.retryAfter) ?? .zero) }
        )
    }
}
