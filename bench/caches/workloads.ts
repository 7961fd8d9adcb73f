/** One kind of load, as wrk makes it. */
export interface Workload {
  readonly name: string;
  /** Lua for wrk. */
  readonly script: string;
  /** Paths that are asked for once before. */
  readonly warm: readonly string[];
  readonly connections: number;
  /** Whether the floor answers it: it knows one answer only. */
  readonly floor: boolean;
}

// The usual fields of a browser.
const BROWSER = `
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
wrk.headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
wrk.headers["Accept-Language"] = "en-GB,en;q=0.5"
wrk.headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
wrk.headers["Referer"] = "http://www.example.com/index.html"
wrk.headers["Sec-Fetch-Dest"] = "document"
wrk.headers["Sec-Fetch-Mode"] = "navigate"
wrk.headers["Sec-Fetch-Site"] = "same-origin"
wrk.headers["Priority"] = "u=0, i"
`;

const KIB = 1024;

function hits(size: number, connections = 32): Workload {
  const path = `/${size}/a`;
  const name = `hits, ${size / KIB} KiB${connections === 32 ? "" : `, ${connections} connections`}`;
  return {
    name,
    script: `${BROWSER}wrk.path = "${path}"`,
    warm: [path],
    connections,
    floor: size === KIB,
  };
}

/** No request is for what another one has asked for. */
function misses(size: number): Workload {
  const path = `/${size}/`;
  return {
    ...hits(size),
    name: `misses, ${size / KIB} KiB`,
    script: `${BROWSER}local n, run = 0, math.floor(os.time() * 1000 + math.random(1000))
function request() n = n + 1; return wrk.format("GET", "${path}" .. run .. "-" .. n) end`,
    warm: [],
    floor: false,
  };
}

// More than any cache asks its origin about in a second.
const BRIEF_KEYS = 100_000;
const PRIVATE_KEYS = 1_000;

/** Of these many keys, some are asked for far more often than others (Zipf, exponent 0.9). */
const KEYS = 10_000;
const ZIPF = `
local keys, sum, weight = ${KEYS}, 0, {}
for i = 1, keys do sum = sum + 1 / i ^ 0.9; weight[i] = sum end
local function pick()
  local at, low, high = math.random() * sum, 1, keys
  while low < high do
    local middle = math.floor((low + high) / 2)
    if weight[middle] < at then low = middle + 1 else high = middle end
  end
  return low
end
local drawn, next = {}, 0
for i = 1, 65536 do drawn[i] = "/1024/z" .. pick() end
function request() next = next % 65536 + 1; return wrk.format("GET", drawn[next]) end
`;

export const workloads: readonly Workload[] = [
  hits(KIB),
  hits(16 * KIB),
  hits(100 * KIB),
  hits(KIB * KIB),
  hits(KIB, 1),
  hits(KIB, 1_000),
  // The edge takes 4,000 at the most (edge/data-plane/listener.ts).
  hits(KIB, 3_900),
  {
    ...hits(KIB),
    name: `hits, 1 KiB, ${KEYS} keys (Zipf 0.9)`,
    script: BROWSER + ZIPF,
    warm: Array.from({ length: KEYS }, (_, n) => `/1024/z${n + 1}`),
    floor: false,
  },
  {
    ...hits(KIB),
    name: "hits, 1 KiB, other fields in each request",
    script: `${BROWSER}local n = 0
function request() n = n + 1; wrk.headers["Cookie"] = "session=" .. n; return wrk.format("GET", "/1024/a") end`,
  },
  {
    ...hits(KIB),
    name: "304 to If-None-Match",
    script: `${BROWSER}wrk.path = "/1024/a"; wrk.headers["If-None-Match"] = '"v1"'`,
    floor: false,
  },
  {
    ...hits(100 * KIB),
    name: "ranges of 1 KiB of 100 KiB",
    script: `${BROWSER}wrk.path = "/${100 * KIB}/a"; wrk.headers["Range"] = "bytes=1000-2023"`,
    floor: false,
  },
  misses(KIB),
  misses(KIB * KIB),
  {
    ...hits(KIB),
    name: "validations: the origin answers 304, 1 KiB",
    // Each turn begins with the first key. So each key is older than a second when it is asked for again.
    script: `${BROWSER}local n = 0
function request() n = n % ${BRIEF_KEYS} + 1; return wrk.format("GET", "/1024/brief-" .. n) end`,
    warm: [],
    floor: false,
  },
  {
    ...hits(KIB),
    name: "passes: private responses, 1 KiB",
    // So many that no two requests for one are under way together: a cache would make the second one wait.
    script: `${BROWSER}local n = 0
function request() n = n % ${PRIVATE_KEYS} + 1; return wrk.format("GET", "/1024/private-" .. n) end`,
    warm: Array.from({ length: PRIVATE_KEYS }, (_, n) => `/1024/private-${n + 1}`),
    floor: false,
  },
  {
    ...hits(KIB),
    name: "passes: POST of 1 KiB, 1 KiB",
    script: `${BROWSER}wrk.method = "POST"; wrk.body = string.rep("x", 1024)
local n = 0
function request() n = n % ${PRIVATE_KEYS} + 1; return wrk.format(nil, "/1024/private-" .. n) end`,
    warm: [],
    floor: false,
  },
];
