/// Makes wrong inputs out of right ones. The same number makes the same input.
struct Mutator: RandomNumberGenerator {
    private var state: UInt64

    init(_ number: UInt64) {
        state = number
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int {
        bound <= 1 ? 0 : Int(next() % UInt64(bound))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// One of the seeds, changed in up to eight places; one in sixteen as it is.
    mutating func input(from seeds: [[UInt8]], tokens: [[UInt8]]) -> [UInt8] {
        var bytes = pick(seeds)
        guard below(16) > 0 else { return bytes }
        for _ in 0...below(8) { change(&bytes, seeds, tokens) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ seeds: [[UInt8]], _ tokens: [[UInt8]]) {
        let place = below(bytes.count + 1)
        switch below(9) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 2: bytes.insert(contentsOf: pick(tokens), at: place)
        case 3:
            let token = pick(tokens)
            bytes.replaceSubrange(place..<min(bytes.count, place + token.count), with: token)
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(24)))
        case 5:
            // A piece of itself once more.
            let length = min(bytes.count - place, 1 + below(64))
            bytes.insert(contentsOf: Array(bytes[place..<place + length]), at: below(bytes.count + 1))
        case 6:
            let other = pick(seeds)
            let cut = below(other.count + 1)
            bytes = Array(bytes[..<place]) + other[cut...]
        case 7: bytes.removeSubrange(place...)
        default:
            // Much of the same.
            let token = pick(tokens)
            for _ in 0..<(1 << below(10)) where bytes.count < 48 << 10 { bytes.insert(contentsOf: token, at: place) }
        }
    }
}
