-- wrk sends the requests of a file, one "METHOD <tab> PATH <tab> BODY" a line, in turn; #N# in a body is a number no
-- other request has. Prints one JSON object: what was answered, how fast.

local lines, ready, turn = {}, {}, 0
local unique = os.time() * 1000000

function init(args)
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t(.*)$")
    if body == "" then body = nil end
    local headers = body and {["Content-Type"] = "application/json"} or {}
    lines[#lines + 1] = {method, path, headers, body}
    ready[#ready + 1] = not (body and body:find("#N#")) and wrk.format(method, path, headers, body)
  end
  unique = unique + tonumber(args[2]) * 1000000
end

function request()
  turn = turn % #lines + 1
  if ready[turn] then return ready[turn] end
  unique = unique + 1
  local method, path, headers, body = unpack(lines[turn])
  return wrk.format(method, path, headers, (body:gsub("#N#", string.format("%.0f", unique))))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\n{"answered": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
