package import EaselTransport

/// The event loops that the tests of one process share, and a client on them.
package enum TestLoops {
    package static let group = EventLoopGroup(name: "test", count: 1)
    package static let client = HTTPClient(group: group)
}
