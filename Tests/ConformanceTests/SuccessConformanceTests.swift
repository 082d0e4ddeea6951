import EaselBase
import EaselCore
import EaselImaging
import EaselProviders
import EaselSandbox
import Testing

/// What every provider does when all goes well.
struct SuccessConformanceTests {
    @Test(arguments: Subject.all, RemixModel.allCases)
    func `one image and four arrive whole, and are charged once`(subject: Subject, model: RemixModel) async throws {
        for count in [1, 4] {
            try await withBench(subject) { bench in
                let request = try Samples.request(model) { $0.count = count }
                let outcome = try await bench.run(request)
                #expect(outcome.failures.isEmpty && outcome.images.count == count)
                #expect(Set(outcome.images.map(\.content)).count == count)
                for image in outcome.images {
                    #expect(!image.isWithheld && image.seed != nil && image.copyright == .notRequested)
                    let info = try ImageProbe.probe(try await bench.bytes(image))
                    let chosen = SizeTable.closestShape(to: request.image.size, model: model)
                    #expect(info.size == PixelSize(width: chosen.width / 16, height: chosen.height / 16))
                }
                let most = bench.provider.translate(request).imagesPerRequest
                #expect(outcome.requests == (count + most - 1) / most)
                #expect(bench.submissions.count == outcome.requests)
                #expect(bench.sandbox.billing.total == subject.price * count)
                #expect(bench.sandbox.billing.entries.allSatisfy { $0.account == Bench.key })
                #expect(outcome.cost == (subject.tellsCost ? bench.sandbox.billing.total : nil))
                let downloads = bench.sandbox.journal.last.filter { $0.method == "GET" && $0.path.contains("/image") }
                #expect(
                    downloads.count == (subject.sendsLinks ? count : 0) && downloads.allSatisfy { !$0.hadCredentials }
                )
            }
        }
    }

    @Test(arguments: Subject.all)
    func `the exchange is described by status, times and ids`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            let request = try Samples.request(.ideogram4)
            let exchange = await bench.provider.perform(bench.task(request))
            let result: ProviderResult
            switch exchange {
            case .ended(let ended):
                #expect(subject.acknowledged.isEmpty)
                result = ended
            case .accepted(let acknowledgement):
                #expect(subject.acknowledged.contains(.ideogram4))
                #expect(acknowledgement.images.isEmpty && acknowledgement.cost == nil)
                result = acknowledgement
            }
            #expect(result.httpStatus == 200 && result.failure == nil)
            #expect(result.timings.total ?? .zero > .zero && result.timings.firstByte != nil)
            if subject.namesAnswers { #expect(result.providerRequestID != nil) }
            #expect(bench.sandbox.journal.total == 1)
        }
    }

    @Test(arguments: Subject.all, RemixModel.allCases)
    func `every parameter of a model passes the strict simulation`(subject: Subject, model: RemixModel) async throws {
        try await withBench(subject) { bench in
            let request = try Samples.everything(model)
            let outcome = try await bench.run(request)
            #expect(outcome.failures.isEmpty && outcome.images.count == 2, "\(outcome.failures)")
            #expect(outcome.images.allSatisfy { $0.nsfw == false })
            if subject.tellsCost { #expect(outcome.cost == bench.sandbox.billing.total) }
            // Whoever checks, checks 4.0 only.
            let verdict = model == .ideogram4 ? subject.verdict : .notRequested
            #expect(outcome.images.allSatisfy { $0.copyright == verdict })
        }
    }

    @Test(arguments: Subject.synchronous, RemixModel.allCases)
    func `every size is accepted, with strengths from one end to the other`(subject: Subject, model: RemixModel)
        async throws
    {
        try await withBench(subject) { bench in
            // The source has another shape than most sizes, so 4.0 at Ideogram is cropped again and again.
            let image = try Samples.image(width: 100, height: 60)
            let last = model.sizes.count - 1
            for (round, size) in model.sizes.enumerated() {
                let request = try Samples.request(model) { request in
                    request.image = image
                    request.size = size
                    request.strength = Double(100 * round / last) / 100
                }
                let result = try await bench.run(bench.task(request))
                #expect(
                    result.failure == nil && result.images.count == 1,
                    "\(request.size?.description ?? "") \(round)"
                )
            }
        }
    }

    @Test(arguments: Subject.synchronous, RenderingSpeed.allCases)
    func `every speed is accepted and costs what it costs`(subject: Subject, speed: RenderingSpeed) async throws {
        try await withBench(subject) { bench in
            for model in RemixModel.allCases {
                let request = try Samples.request(model) { $0.renderingSpeed = speed }
                let outcome = try await bench.run(request)
                #expect(outcome.failures.isEmpty && outcome.images.count == 1)
                let charged = bench.sandbox.billing.entries.last?.cost
                #expect(outcome.cost == (subject.tellsCost ? charged : nil))
            }
        }
    }

    @Test(arguments: Subject.all, OutputOptions.Kind.allCases)
    func `images come in the form and format asked for, or as PNG by link`(
        subject: Subject,
        type: OutputOptions.Kind
    ) async throws {
        try await withBench(subject) { bench in
            for format in ImageFormat.allCases {
                let request = try Samples.request(.ideogram3) {
                    $0.output = OutputOptions(type: type, format: format, quality: 60)
                }
                let outcome = try await bench.run(request)
                let image = try #require(outcome.images.first)
                let isLink = if case .link = image.content { true } else { false }
                #expect(isLink == (subject.sendsLinks && (type == .url || !subject.honoursOutput)))
                let info = try ImageProbe.probe(try await bench.bytes(image))
                #expect(info.format == (subject.honoursOutput ? format : .png))
            }
        }
    }

    @Test(arguments: Subject.all)
    func `a source is cropped only where the provider needs it`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            let request = try Samples.request(.ideogram4) {
                $0.image = try Samples.image(width: 120, height: 50, format: .jpg)
                $0.size = PixelSize(width: 2048, height: 2048)
                $0.strength = 0.4
            }
            let losses = bench.provider.translate(request).losses.map(\.parameter)
            #expect(losses == subject.cropLosses)
            let outcome = try await bench.run(request)
            #expect(outcome.failures.isEmpty && outcome.images.count == 1)
        }
    }

    @Test(arguments: Subject.all)
    func `the books agree after many requests at once`(subject: Subject) async throws {
        try await withBench(subject) { bench in
            let request = try Samples.request(.ideogram3) { $0.count = 2 }
            let results = try await withThrowingTaskGroup(of: ProviderResult.self) { group in
                for _ in 0..<8 { group.addTask { try await bench.run(bench.task(request)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.allSatisfy { $0.images.count == 2 && $0.failure == nil })
            #expect(bench.sandbox.billing.total == subject.price * 16 && bench.submissions.count == 8)
            if subject.tellsCost { #expect(Money.sum(results.map(\.cost)) == subject.price * 16) }
        }
    }
}
