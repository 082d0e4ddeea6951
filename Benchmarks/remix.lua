-- wrk: the same remix, again and again. BODY_FILE and API_KEY come from the environment.
local file = io.open(os.getenv("BODY_FILE"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("API_KEY")

local bad = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args) bad = 0 end
function response(status) if status ~= 200 then bad = bad + 1 end end
function done(summary, latency, requests)
    local refused = 0
    for _, thread in ipairs(threads) do refused = refused + (thread:get("bad") or 0) end
    io.write(string.format('RESULT {"requests": %d, "duration_us": %d, "not_200": %d, "errors": %d, "p50_us": %d, "p99_us": %d}\n',
        summary.requests, summary.duration, refused,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
