import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselProviders

struct RunwareReadingTests {
    private let first = Answers.item(Answers.firstImage)
    private let second = Answers.item(Answers.secondImage, ["seed": 8])

    @Test func `images come with all that is said of them`() throws {
        let item = Answers.item(Answers.firstImage, ["NSFWContent": true])
        let response = Answers.response(["data": [item]], fields: [("X-Request-Id", "r-1")])
        let exchange = RunwareReading.submission(response, Answers.question(), delivery: .sync)
        let result = try #require(exchange.result)
        let image = try #require(result.images.first)
        #expect(result.images.count == 1 && result.failure == nil && result.httpStatus == 200)
        #expect(image.content == .link(Answers.link(Answers.firstImage)))
        #expect(image.seed == 7 && image.nsfw == true && image.copyright == .notRequested)
        #expect(image.providerImageID == Answers.firstImage && image.cost?.usd == "0.06")
        #expect(result.cost?.usd == "0.06" && result.providerRequestID == "r-1" && result.extra.isEmpty)
    }

    @Test func `a check that was not asked for is not a clean bill`() {
        #expect(Answers.runware(["data": [first]]).result?.images.first?.nsfw == nil)
    }

    @Test func `order does not matter and repeated items count once`() throws {
        let forward = try #require(Answers.runware(["data": [first, second]], count: 2).result)
        let backward = try #require(Answers.runware(["data": [second, first]], count: 2).result)
        #expect(forward.images.map(\.providerImageID) == [Answers.firstImage, Answers.secondImage])
        #expect(Set(forward.images) == Set(backward.images) && forward.cost == backward.cost)
        let repeated = try #require(Answers.runware(["data": [first, second, first, first]], count: 2).result)
        #expect(repeated.images == forward.images && repeated.cost?.usd == "0.12")
    }

    @Test func `items of other tasks are not ours, whatever their case`() throws {
        let stranger = Answers.item(Answers.secondImage, ["taskUUID": .string(Answers.otherTask)])
        let shouting = Answers.item(Answers.firstImage, ["taskUUID": .string(Requests.taskID.uuidString)])
        let result = try #require(Answers.runware(["data": [stranger, shouting]]).result)
        #expect(result.images.map(\.providerImageID) == [Answers.firstImage] && result.cost?.usd == "0.06")
    }

    @Test func `part of the images and an error are both kept`() throws {
        let body: JSONValue = ["data": [first], "errors": [Answers.error("providerTimeout")]]
        let result = try #require(Answers.runware(body, count: 2).result)
        #expect(result.images.count == 1 && result.cost?.usd == "0.06")
        #expect(result.failure?.kind == .unavailable && result.failure?.code == "providerTimeout")
        let strangers: JSONValue = ["data": [first], "errors": [Answers.error("x", task: Answers.otherTask)]]
        #expect(Answers.runware(strangers).result?.failure == nil)
    }

    @Test func `an error inside an item is an error of the task`() throws {
        let item: JSONValue = [
            "taskUUID": .string(Requests.taskID.text), "status": "error",
            "error": ["code": "invalidProviderContent", "message": "No."],
        ]
        let result = try #require(Answers.runware(["data": [first, item]], count: 2).result)
        #expect(result.images.count == 1 && result.failure?.kind == .refused)
    }

    @Test func `an acknowledgement and word of a running task mean that it goes on`() throws {
        let bare: JSONValue = ["taskType": "imageInference", "taskUUID": .string(Requests.taskID.text)]
        for item in [bare, Answers.working(Answers.firstImage)] {
            for delivery in [DeliveryMethod.async, .sync] {
                let accepted = Answers.runware(["data": [item]], delivery: delivery).acknowledgement
                #expect(accepted?.images.isEmpty == true && accepted?.failure == nil)
            }
        }
        let some: JSONValue = ["data": [first, Answers.working(Answers.secondImage)]]
        #expect(Answers.runware(some, count: 2, delivery: .async).acknowledgement?.images.count == 1)
    }

    @Test func `fewer images than asked end a synchronous task`() throws {
        let result = try #require(Answers.runware(["data": [first]], count: 4).result)
        #expect(result.images.count == 1 && result.failure == nil && result.cost?.usd == "0.06")
    }

    @Test func `images come in each of the three forms`() throws {
        let base64 = Data("picture".utf8).base64EncodedString()
        for member in [
            ["imageBase64Data": .string(base64)], ["imageDataURI": .string("data:image/png;base64,\(base64)")],
        ] as [[String: JSONValue]] {
            var item = member
            item["taskUUID"] = .string(Requests.taskID.text)
            item["imageUUID"] = .string(Answers.firstImage)
            let result = try #require(Answers.runware(["data": [.object(item)]]).result)
            #expect(result.images.map(\.content) == [.bytes(Array("picture".utf8))])
        }
    }

    @Test func `a finished item without an image is withheld`() throws {
        let item: JSONValue = [
            "taskUUID": .string(Requests.taskID.text), "imageUUID": .string(Answers.firstImage), "NSFWContent": true,
        ]
        let result = try #require(Answers.runware(["data": [item]]).result)
        #expect(result.images.map(\.isWithheld) == [true] && result.images.first?.nsfw == true)
        #expect(result.failure == nil && result.cost == nil)
    }

    @Test func `an item without an image, an error or a flag is garbled, not refused`() throws {
        let bare: JSONValue = ["taskUUID": .string(Requests.taskID.text), "imageUUID": .string(Answers.firstImage)]
        let items =
            [bare, Answers.item(Answers.firstImage, ["imageURL": .null, "NSFWContent": false])]
            + ([.null, "", "null", "x.jpg", "/x.jpg", "https://", "ftp://x/y.jpg", 7, []] as [JSONValue]).map {
                Answers.item(Answers.firstImage, ["imageURL": $0])
            }
        for item in items {
            let result = try #require(Answers.runware(["data": [item]]).result)
            #expect(result.images.isEmpty && result.failure?.kind == .garbled, "\(item)")
            #expect(result.failure?.billing == .unknown && result.failure?.wantsRecovery == true && result.cost == nil)
        }
        for flag in ["NSFWContent", "copyrightDetected"] {
            let item = Answers.item(Answers.firstImage, ["imageURL": .null, flag: true])
            #expect(Answers.runware(["data": [item]]).result?.images.map(\.isWithheld) == [true])
        }
    }

    @Test func `what is nothing beside a good image does not lose it`() throws {
        for stray in [.null, "x", 7, [], true, [:]] as [JSONValue] {
            for data in [[stray, first], [first, stray]] {
                let result = try #require(Answers.runware(["data": .array(data)]).result)
                #expect(result.images.map(\.providerImageID) == [Answers.firstImage], "\(stray)")
                #expect(result.failure == nil && result.cost?.usd == "0.06")
            }
        }
        // Where one is missing the answer is not understood, and what came is kept (R7).
        let result = try #require(Answers.runware(["data": [first, .null]], count: 2).result)
        #expect(result.images.count == 1 && result.failure?.kind == .garbled && result.failure?.billing == .unknown)
    }

    @Test func `an image that cannot be decoded is not called withheld`() throws {
        let item: JSONValue = [
            "taskUUID": .string(Requests.taskID.text), "imageUUID": .string(Answers.firstImage),
            "imageBase64Data": "%%%", "cost": .number(Decimal(6) / 100),
        ]
        let result = try #require(Answers.runware(["data": [item]]).result)
        #expect(result.images.map(\.content) == [.bytes([])] && result.images.map(\.isWithheld) == [false])
        #expect(result.failure == nil && result.cost?.usd == "0.06")
    }

    @Test func `base64 of a paid image is read in each of its forms`() throws {
        let bytes: [UInt8] = [0xFB, 0xFF, 0xFE, 1, 2, 3, 4]
        for text in ["+//+AQIDBA==", "+//+AQIDBA", "+//+\r\nAQID\nBA==\n", "-__-AQIDBA", " +//+AQIDBA= = "] {
            let item: JSONValue = [
                "taskUUID": .string(Requests.taskID.text), "imageUUID": .string(Answers.firstImage),
                "imageBase64Data": .string(text),
            ]
            let result = try #require(Answers.runware(["data": [item]]).result)
            #expect(result.images.map(\.content) == [.bytes(bytes)], "\(text)")
        }
    }

    @Test func `a data URI that cannot be decoded is an image that cannot be read`() throws {
        for uri in ["data:image/png;base64,%%", "data:image/png,AQID", "AQID"] {
            let item: JSONValue = [
                "taskUUID": .string(Requests.taskID.text), "imageUUID": .string(Answers.firstImage),
                "imageDataURI": .string(uri),
            ]
            let result = try #require(Answers.runware(["data": [item]]).result)
            #expect(result.images.map(\.content) == [.bytes([])] && result.failure == nil, "\(uri)")
        }
    }

    // MARK: - Cost (M1)

    @Test func `a missing cost is unknown, for the whole task`() throws {
        for bad in [.null, "free", "", "NaN", true, [], .number(-1)] as [JSONValue] {
            let unpriced = Answers.item(Answers.secondImage, ["cost": bad])
            let result = try #require(Answers.runware(["data": [first, unpriced]], count: 2).result)
            #expect(result.images.map(\.cost?.usd) == ["0.06", nil], "\(bad)")
            #expect(result.cost == nil && result.images.count == 2)
        }
        var members = second.objectValue ?? [:]
        members["cost"] = nil
        #expect(Answers.runware(["data": [first, .object(members)]], count: 2).result?.cost == nil)
    }

    @Test func `nothing is a price too`() {
        let result = Answers.runware(["data": [Answers.item(Answers.firstImage, ["cost": 0])]]).result
        #expect(result?.cost == .zero)
    }

    @Test func `sums are exact to the nanodollar`() throws {
        // Each of these loses digits as a binary fraction.
        let texts = ["0.1", "0.2", "0.000000001", "0.06", "0.0013", "12.345678901", "6e-2", "1E-9", "0.0000000005"]
        var items: [String] = []
        for (index, text) in texts.enumerated() {
            items.append(
                "{\"taskUUID\":\"\(Requests.taskID.text)\",\"imageURL\":\"https://u/\(index)\",\"cost\":\(text)}"
            )
        }
        let body = "{\"data\":[\(items.joined(separator: ","))]}"
        let exchange = RunwareReading.submission(
            Answers.response(Array(body.utf8)),
            Answers.question(count: texts.count),
            delivery: .sync
        )
        #expect(
            exchange.result?.images.map(\.cost?.nanodollars) == [
                100_000_000, 200_000_000, 1, 60_000_000, 1_300_000, 12_345_678_901, 60_000_000, 1, 1,
            ]
        )
        #expect(exchange.result?.cost?.nanodollars == 12_766_978_904)
    }

    @Test func `a thousand tenths of a cent are one dollar`() throws {
        var items: [JSONValue] = []
        for index in 0..<1000 {
            let item = Answers.item("\(index)", ["cost": .number(Decimal(1) / 1000)])
            items.append(item)
        }
        #expect(Answers.runware(["data": .array(items)], count: 1000).result?.cost?.usd == "1")
    }

    @Test func `a cost as text is read`() throws {
        let item = Answers.item(Answers.firstImage, ["cost": "0.0612"])
        #expect(Answers.runware(["data": [item]]).result?.cost?.nanodollars == 61_200_000)
    }

    @Test func `a text that only begins like an amount is no cost`() {
        let item = Answers.item(Answers.firstImage, ["cost": "0.06 EUR"])
        let cost = Answers.runware(["data": [item]]).result?.cost
        #expect(cost == nil)
    }

    @Test(arguments: ["-0.06", "+0.06", "6e-2", " 0.06", "0.06 ", "0,06", "٠.٠٦", "1.2.3", "0.06.", "."])
    func `a text that is no plain decimal is no cost`(text: String) {
        let item = Answers.item(Answers.firstImage, ["cost": .string(text)])
        let cost = Answers.runware(["data": [item]]).result?.cost
        #expect(cost == nil)
    }

    @Test func `costs beyond all bounds do not stop the process`() async {
        await #expect(processExitsWith: .success) {
            let items = (0..<10).map { Answers.item("\($0)", ["cost": .number(Decimal(999_999_999))]) }
            let result = Answers.runware(["data": .array(items)], count: 10).result
            #expect(result?.images.count == 10 && result?.cost == nil)
        }
    }

    // MARK: - What is not understood

    @Test func `unknown keys are kept, prompts are not`() throws {
        let item = Answers.item(
            Answers.firstImage,
            [
                "newMember": ["deep": [1, .null, "x"]],
                "structuredPrompt": ["high_level_description": "a red kite", "compositional_deconstruction": [:]],
            ]
        )
        let result = try #require(Answers.runware(["data": [item]]).result)
        #expect(result.extra == ["newMember": ["deep": [1, .null, "x"]]])
        #expect(result.images.count == 1 && result.failure == nil)
    }

    @Test func `members of a wrong type are as good as missing`() throws {
        let item = Answers.item(Answers.firstImage, ["seed": "seven", "NSFWContent": "maybe", "imageUUID": 5])
        let image = try #require(Answers.runware(["data": [item]]).result?.images.first)
        #expect(image.seed == nil && image.nsfw == nil && image.providerImageID == nil)
        #expect(image.content == .link(Answers.link(Answers.firstImage)))
    }

    @Test func `a list at the top and one object for a list are read`() throws {
        #expect(Answers.runware([first, second], count: 2).result?.images.count == 2)
        #expect(Answers.runware(["data": first]).result?.images.count == 1)
    }

    // MARK: - Copyright

    @Test func `the verdict of a copyright check is never guessed`() {
        let rows: [([String: JSONValue], CopyrightVerdict)] = [
            ([:], .undetermined), (["copyrightDetected": true], .flagged), (["copyrightDetected": false], .clear),
            (["hasCopyrightIssue": true], .flagged), (["copyright": "maybe"], .undetermined),
            (["NSFWContent": true], .undetermined),
        ]
        for (members, verdict) in rows {
            let response = Answers.response(["data": [Answers.item(Answers.firstImage, members)]])
            func read(_ check: RunwareReading.CopyrightCheck) -> CopyrightVerdict? {
                RunwareReading.submission(response, Answers.question(copyright: check), delivery: .sync)
                    .result?.images.first?.copyright
            }
            #expect(read(.asked) == verdict, "\(members)")
            #expect(read(.notAsked) == .notRequested)
        }
    }

    @Test func `a check that the model has not is not asked for`() {
        for model in RemixModel.allCases {
            var request = Requests.make(model) { _ in }
            request.copyrightDetection = true
            #expect(RunwareReading.copyrightCheck(request) == (model == .ideogram4 ? .asked : .notAsked), "\(model)")
            request.copyrightDetection = false
            #expect(RunwareReading.copyrightCheck(request) == .notAsked)
        }
    }
}
