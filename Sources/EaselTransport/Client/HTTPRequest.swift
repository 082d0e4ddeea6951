/// The time limits of one exchange.
package struct HTTPTimeouts: Sendable, Equatable {
    /// From the start to the open connection, TLS included.
    package var connect: Duration
    /// From the request's last byte to the first byte of the answer; nil: only `total` limits it.
    package var firstByte: Duration?
    /// The whole exchange.
    package var total: Duration

    /// The limits; each is at least a millisecond.
    package init(connect: Duration = .seconds(10), firstByte: Duration? = nil, total: Duration = .seconds(120)) {
        self.connect = connect
        self.firstByte = firstByte
        self.total = total
    }
}

/// Who unpacks a compressed body.
package enum Unpacking: Sendable, Equatable {
    /// We do: gzip and deflate, off the event loop. Names in `Content-Encoding` that are no compression are passed over,
    /// as browsers do.
    case here
    /// libcurl does, with all that it can (`br` and `zstd` too), and refuses every name that it does not know.
    case byLibrary
}

/// One request as a client sends it.
package struct HTTPRequest: Sendable {
    /// An HTTP method in capitals.
    package var method: String
    /// An absolute `http` or `https` URL.
    package var url: String
    /// The fields to send. `Host`, `Content-Length`, `Accept-Encoding` and `User-Agent` are supplied where missing.
    package var fields: HTTPFields
    /// The body, or nil for none.
    package var body: [UInt8]?
    /// How long each phase may take.
    package var timeouts: HTTPTimeouts
    /// The most bytes of a decoded body that are taken; more is `responseTooLarge`.
    package var maxResponseBytes: Int
    /// Which resolved addresses may be reached (S3).
    package var addressPolicy: AddressPolicy
    /// Who unpacks the answer's body. Nobody does where `fields` has an `Accept-Encoding` of its own.
    package var unpacking = Unpacking.here

    /// A request with everything but the URL preset.
    package init(
        method: String = "GET",
        url: String,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8]? = nil,
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        maxResponseBytes: Int = 64 << 20,
        addressPolicy: AddressPolicy = .any
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.timeouts = timeouts
        self.maxResponseBytes = maxResponseBytes
        self.addressPolicy = addressPolicy
    }
}
