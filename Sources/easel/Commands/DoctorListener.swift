import EaselBase
import EaselConfiguration
import EaselTransport

/// What answers where a configuration listens: its own gateway, another Easel's, a stranger, or nobody.
struct DoctorListener {
    private let listen: ListenAddress
    private let directory: String

    init(_ configuration: Configuration) {
        listen = configuration.listen
        directory = configuration.dataDirectory
    }

    /// What `/readyz` says of itself; nothing but Easel has all three.
    private struct Readiness: Decodable {
        let status: String
        let ledger: String
        let version: String
        let reason: String?
        let unreadable_rows: Int?
    }

    func examine(_ add: DoctorCommand.Add) async {
        let group = EventLoopGroup(name: "doctor", count: 1)
        defer { group.shutdown() }
        let host = ["0.0.0.0", "::", ""].contains(listen.host) ? "127.0.0.1" : listen.host
        let url = "http://\(host.contains(":") ? "[\(host)]" : host):\(listen.port)/readyz"
        let request = HTTPRequest(url: url, timeouts: HTTPTimeouts(connect: .seconds(2), total: .seconds(5)))
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await HTTPClient(group: group).execute(request)
        } catch {
            guard error.sent else {
                return add("gateway", .warning, "not running on \(listen)", "`easel serve --config FILE` starts it")
            }
            return stranger(add, "breaks off what it answers")
        }
        guard let readiness = try? JSON.decode(Readiness.self, from: response.body) else {
            return stranger(add, "answers with status \(response.status)")
        }
        guard InstanceLock.isHeld(directory: directory) else {
            return add(
                "gateway",
                .problem,
                "another Easel answers on \(listen): no gateway runs on \(directory)",
                "set `listen` to another address, or stop that one; clients that connect there see its figures"
            )
        }
        tell(readiness, response.status, add)
    }

    private func stranger(_ add: DoctorCommand.Add, _ what: String) {
        add(
            "gateway",
            .problem,
            "something that is not Easel \(what) on \(listen)",
            "set `listen` to another address, or stop the program that listens there"
        )
    }

    private func tell(_ readiness: Readiness, _ status: Int, _ add: DoctorCommand.Add) {
        if status == 200 {
            add("gateway", .ok, "\(readiness.status) on \(listen)", nil)
        } else {
            let reason = readiness.reason.map { ": \($0)" } ?? ""
            add("gateway", .warning, "\(readiness.status) on \(listen)\(reason)", "see its log")
        }
        guard let count = readiness.unreadable_rows, count > 0 else { return }
        // Rows of the database that the running gateway could not read.
        add(
            "database rows",
            .warning,
            "\(count) cannot be read by this version and wait; unfinished calls may be among them",
            "the log names each (\"a row cannot be read and is set aside\"); a later version of Easel may be able to"
        )
    }
}
