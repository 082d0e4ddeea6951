/// A whole response as a client received it, whatever its status.
package struct HTTPResponse: Sendable {
    /// 100 to 999; never an interim status.
    package var status: Int
    /// The fields of the final response. Where there was a `Content-Encoding`, it and `Content-Length` are taken out,
    /// because they do not describe `body`.
    package var fields: HTTPFields
    /// The body, decompressed.
    package var body: [UInt8]
    /// How long the phases took.
    package var timings: HTTPTimings

    /// A response, for doubles in tests too.
    package init(
        status: Int,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8] = [],
        timings: HTTPTimings = HTTPTimings()
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.timings = timings
    }
}
