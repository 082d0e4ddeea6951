/// Right inputs and pieces of wrong ones.
enum Corpus {
    private static func bytes(_ texts: [String]) -> [[UInt8]] {
        texts.map { Array($0.utf8) }
    }

    static let requests = bytes([
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%20b?x=1&y=%C3%A4 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nAuthorization: Bearer esl_x\r\n\r\n",
        "HEAD /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST /v1/remix HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"prompt\":1}\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "x", count: 5000),
        "POST /some HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + String(repeating: "y", count: 9000),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    ])

    static let replies = bytes([
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: x\r\n\r\nok",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n\tfolded\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\n\tX: y\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 23\r\n\r\n\u{1F}",
        "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    ])

    static let lines = bytes([
        "\r", "\n", "\r\n", "\0", "\t", " ", ":", "\r\n ", "\r\n\t", "\u{1B}", "%00", "0", "-1", "+5",
        "99999999999999999999",
        "Content-Length: 5\r\n", "Content-Length: -5\r\n", "Content-Length: 4294967297\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n", "Host: b\r\n",
        "Expect: 100-continue\r\n", "Content-Encoding: gzip\r\n", "Content-Encoding: br, deflate, gzip, gzip, gzip\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/2 200\r\n", "HTTP/0.9", "ffffffff\r\n", "0\r\n\r\n", "X: y\r\n",
        "a:\r\n",
        "Retry-After: 99999999999\r\n", "Location: \r\n", "\u{FFFD}", "Set-Cookie: a=b\r\n",
    ])

    static let taskID = "70b6c6a5-7cf3-4f5b-9a36-0c5a8f0f9f01"

    /// Bodies of Runware and Ideogram as their documents show them.
    static let bodies = bytes([
        "{\"data\":[{\"taskType\":\"imageInference\",\"taskUUID\":\"\(taskID)\",\"imageUUID\":\"1\",\"status\":\"success\",\"imageURL\":\"http://127.0.0.1/x.png\",\"cost\":0.06,\"seed\":7,\"NSFWContent\":false}]}",
        "{\"errors\":[{\"code\":\"timeoutProvider\",\"message\":\"late\",\"taskUUID\":\"\(taskID)\",\"taskType\":\"imageInference\"}]}",
        "{\"data\":[{\"taskType\":\"imageInference\",\"taskUUID\":\"\(taskID)\",\"status\":\"processing\"}],\"errors\":[]}",
        "{\"data\":[{\"taskType\":\"getTaskDetails\",\"taskUUID\":\"\(taskID)\",\"response\":{\"data\":[{\"taskUUID\":\"\(taskID)\",\"imageURL\":\"http://127.0.0.1/x\",\"cost\":1.5}]}}]}",
        "{\"data\":[{\"taskUUID\":\"\(taskID)\",\"imageBase64Data\":\"iVBORw0KGgo=\"}]}",
        "{\"created\":\"2026-01-01T00:00:00Z\",\"data\":[{\"prompt\":\"p\",\"resolution\":\"1024x1024\",\"is_image_safe\":true,\"seed\":12345,\"url\":\"http://127.0.0.1/x.png\",\"style_type\":\"GENERAL\"}]}",
        "{\"generation_id\":\"g-1\",\"status\":\"PENDING\",\"created\":\"2026-01-01T00:00:00Z\"}",
        "{\"generation_id\":\"g-1\",\"status\":\"COMPLETED\",\"data\":[{\"url\":null,\"is_image_safe\":false},{\"error\":\"x\",\"status_code\":500}]}",
        "{\"error\":\"too many\",\"message\":\"slow down\",\"status_code\":429,\"detail\":[{\"loc\":[\"body\"],\"msg\":\"m\"}]}",
        "<html><body>504 Gateway Time-out</body></html>",
        "",
    ])

    static let values = bytes([
        "null", "true", "[]", "{}", "\"\"", "0", "-1", "1e999", "-1e999", "99999999999999999999999999",
        "0.000000000001", "1e-400",
        "\\u0000", "\\ud800", "\\\"", "\"", "[", "]", "{", "}", ",", ":", "[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
        "\"data\":", "\"errors\":",
        "\"cost\":1e308,", "\"cost\":\"x\",", "\"status\":\"error\",", "\"imageURL\":null,", "\u{202E}", "\u{1B}[2J",
        "\u{FEFF}",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "\0", "2147483648",
        "9223372036854775808", "\"taskUUID\":\"\(taskID)\",",
    ])
}
