/** The usual fields of a browser. */
export const BROWSER: Readonly<Record<string, string>> = {
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language": "en-GB,en;q=0.5",
  "Accept-Encoding": "gzip, deflate, br, zstd",
  Referer: "http://www.example.com/index.html",
  "Sec-Fetch-Dest": "document",
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-Site": "same-origin",
  Priority: "u=0, i",
};

function fieldsIn(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `wrk.headers["${name}"] = [[${value}]]\n`);
  return lines.join("");
}

const BEFORE = fieldsIn(BROWSER);

/** The same request each time. */
export function plain(path: string, fields: Readonly<Record<string, string>> = {}): string {
  return `${BEFORE}${fieldsIn(fields)}wrk.path = "${path}"\n`;
}

/** So many requests in one write. */
export function pipelined(path: string, count: number): string {
  return `${BEFORE}local all
function init() all = string.rep(wrk.format("GET", "${path}"), ${count}) end
function request() return all end
`;
}

export const MOST_KEYS = 100_000;

/** Some keys are asked for far more often than others (Zipf, exponent 0.9). */
export function zipf(bytes: number): string {
  return `${BEFORE}
local keys, sum, weight = ${MOST_KEYS}, 0, {}
for i = 1, keys do sum = sum + 1 / i ^ 0.9; weight[i] = sum end
local function pick()
  local at, low, high = math.random() * sum, 1, keys
  while low < high do
    local middle = math.floor((low + high) / 2)
    if weight[middle] < at then low = middle + 1 else high = middle end
  end
  return low
end
local drawn, next, made = {}, 0, nil
function init()
  for i = 1, 262144 do drawn[i] = "/${bytes}/z" .. pick() end
  local before, after = wrk.format("GET", "PATH"):match("(.-)PATH(.*)")
  made = function(path) return before .. path .. after end
end
function request() next = next % 262144 + 1; return made(drawn[next]) end
`;
}

/** A cookie that no other request has. */
export function differing(path: string): string {
  return `${BEFORE}local n, before, after = 0, nil, nil
function init()
  wrk.headers["Cookie"] = "session=NUMBER"
  before, after = wrk.format("GET", "${path}"):match("(.-)NUMBER(.*)")
end
function request() n = n + 1; return before .. n .. after end
`;
}

/** Paths that nobody asked for before. */
export function misses(bytes: number): string {
  return `${BEFORE}local n, before, after = 0, nil, nil
function init()
  local run = io.open("/dev/urandom", "rb"):read(8):gsub(".", function(c) return string.format("%02x", c:byte()) end)
  before, after = wrk.format("GET", "/${bytes}/" .. run .. "-NUMBER"):match("(.-)NUMBER(.*)")
end
function request() n = n + 1; return before .. n .. after end
`;
}

/** So many paths, one after the other, and again from the first one. */
export function cycling(path: string, count: number): string {
  return numbered(path, count, 'wrk.format("GET"');
}

/** The same with POST and a body of 1 KiB. */
export function posts(path: string, count: number): string {
  return `wrk.body = string.rep("x", 1024)\n${numbered(path, count, 'wrk.format("POST"')}`;
}

function numbered(path: string, count: number, format: string): string {
  return `${BEFORE}local n, before, after = 0, nil, nil
function init() before, after = ${format}, "${path}NUMBER"):match("(.-)NUMBER(.*)") end
function request() n = n % ${count} + 1; return before .. n .. after end
`;
}
