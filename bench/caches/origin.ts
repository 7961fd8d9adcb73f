// The origin of the benchmark, as a program of its own: `/<bytes>/<anything>` is a body of so many bytes, which never
// changes. `/<bytes>/brief-<anything>` is fresh for a second, `/<bytes>/private-<anything>` is for one client only.
import { createServer, type IncomingMessage } from "node:http";

const LARGEST = 16 * 1024 * 1024;
const TAG = '"v1"';
const bodies = new Map<number, Buffer>();

function bodyOf(path: string): Buffer {
  const size = Math.min(LARGEST, Number(path.split("/")[1]) || 1024);
  const known = bodies.get(size);
  if (known !== undefined) return known;
  const body = Buffer.alloc(size, "x");
  bodies.set(size, body);
  return body;
}

function cacheControl(path: string): string {
  if (path.includes("/brief-")) return "max-age=1";
  return path.includes("/private-") ? "private" : "max-age=3600";
}

function isKnown({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers["if-none-match"] === TAG;
}

const server = createServer((request, response) => {
  // Of a POST: a client that sends while it is answered must not wait for room.
  request.resume();
  const path = request.url ?? "/";
  const fields = { "Cache-Control": cacheControl(path), ETag: TAG };
  if (isKnown(request)) {
    response.writeHead(304, fields).end();
    return;
  }
  const body = bodyOf(path);
  response.writeHead(200, { "Content-Type": "text/plain", ...fields, "Content-Length": body.length });
  response.end(body);
});
// A connection that is closed while a cache sends a request on it would count as a failure of the cache.
server.keepAliveTimeout = 0;
server.listen(Number(process.argv[2]), "127.0.0.1");
