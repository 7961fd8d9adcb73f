// The origin of the benchmark, as a program of its own: `/<bytes>/<anything>` is a body of so many bytes.
import { createServer } from "node:http";

const LARGEST = 4 * 1024 * 1024;
const bodies = new Map<number, Buffer>();

function bodyOf(path: string): Buffer {
  const size = Math.min(LARGEST, Number(path.split("/")[1]) || 1024);
  const known = bodies.get(size);
  if (known !== undefined) return known;
  const body = Buffer.alloc(size, "x");
  bodies.set(size, body);
  return body;
}

createServer((request, response) => {
  const body = bodyOf(request.url ?? "/");
  response.writeHead(200, {
    "Content-Type": "text/plain",
    "Cache-Control": "max-age=3600",
    ETag: '"v1"',
    "Content-Length": body.length,
  });
  response.end(body);
}).listen(Number(process.argv[2]), "127.0.0.1");
