// autocannon, driven like wrk with load.lua: node load.js URL CONNECTIONS SECONDS FILE RUN. Prints the same JSON object.

const fs = require("node:fs");
const autocannon = require("autocannon");

const [url, connections, seconds, file, run] = process.argv.slice(2);
const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
let turn = 0;
let unique = Date.now() * 1000 + Number(run) * 1000000;

function next(request) {
  const [method, path, body] = lines[turn++ % lines.length].split("\t");
  const headers = body ? { "content-type": "application/json" } : {};
  return { ...request, method, path, headers, body: body && body.replace("#N#", () => String(++unique)) };
}

autocannon(
  { url, connections: Number(connections), duration: Number(seconds), timeout: 10, requests: [{ setupRequest: next }] },
  (error, result) => {
    if (error) throw error;
    const { latency, errors, timeouts, non2xx } = result;
    const failed = errors + timeouts + non2xx;
    const answered = result.requests.total;
    console.log(JSON.stringify({ answered, seconds: result.duration, p50: latency.p50, p99: latency.p99, failed }));
  },
);
