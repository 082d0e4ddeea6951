import EaselTransport
import Testing

struct AddressPolicyTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:0:192.168.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1", "2001::1",
        "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
        "100::1",
    ])
    func `addresses that are not the public internet are refused`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!AddressPolicy.publicOnly(allow: []).permits(address))
        #expect(AddressPolicy.any.permits(address))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    ])
    func `public addresses pass`(text: String) throws {
        #expect(AddressPolicy.publicOnly(allow: []).permits(try #require(IPAddress(text))))
    }

    @Test func `allowed ranges pass, also in their mapped form, and nothing beside them`() throws {
        let policy = AddressPolicy.publicOnly(allow: [
            try #require(AddressRange("127.0.0.0/8")), try #require(AddressRange("fd00::/16")),
        ])
        for text in ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "fd00::7"] {
            #expect(policy.permits(try #require(IPAddress(text))))
        }
        for text in ["10.0.0.1", "::1", "64:ff9b::7f00:1", "fd01::7"] {
            #expect(!policy.permits(try #require(IPAddress(text))))
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", true), ("10.0.0.1", true), ("0.0.0.0/0", true), ("::/0", true), ("fd00::/8", true),
        ("10.0.0.1/8", false), ("10.0.0.0/33", false), ("10.0.0/8", false), ("10.0.0.0/", false), ("/8", false),
        ("", false), ("10.0.0.0/8/8", false), ("10.0.0.0/+8", false), ("fe80::1%eth0/64", false), ("host", false),
    ])
    func `ranges are read strictly`(text: String, valid: Bool) {
        #expect((AddressRange(text) != nil) == valid)
    }

    @Test(arguments: [
        ("10.0.0.0/9", "10.127.255.255", true), ("10.0.0.0/9", "10.128.0.0", false), ("1.2.3.4", "1.2.3.4", true),
        ("1.2.3.4/31", "1.2.3.5", true), ("1.2.3.4/31", "1.2.3.6", false), ("0.0.0.0/0", "9.9.9.9", true),
        ("::/0", "9.9.9.9", false), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false),
    ])
    func `prefixes count in bits`(range: String, address: String, inside: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == inside)
    }

    @Test func `texts go there and back`() {
        #expect(AddressRange("10.0.0.0/8")?.description == "10.0.0.0/8")
        #expect(IPAddress("2001:DB8::1")?.description == "2001:db8::1")
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
        #expect(IPAddress("1.2.3") == nil)
    }
}
