/// A list of which every element that cannot be read is counted and passed over: `null` beside a good image does not lose
/// the good one.
struct LossyList<Element: Decodable>: Decodable {
    var elements: [Element] = []
    /// Elements that are nothing of ours.
    var strays = 0

    init() {}

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        while !container.isAtEnd {
            let index = container.currentIndex
            if (try? container.decodeNil()) == true {
                strays += 1
            } else if let element = try? container.decode(Element.self) {
                elements.append(element)
            } else {
                strays += 1
                _ = try? container.decode(Anything.self)
            }
            // A decoder that stands still would stand for ever.
            if container.currentIndex == index { break }
        }
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}

extension LossyList: Sendable where Element: Sendable {}
