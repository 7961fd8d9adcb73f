import { type ServerResponse, STATUS_CODES } from "node:http";
import { formatHttpDate } from "../../http/message/date.ts";
import type { Clock } from "../../process/clock.ts";
import { describeError, Failure } from "../../process/failure.ts";
import type { Content, Served } from "../cache/answer.ts";
import type { CacheContext } from "../cache/context.ts";
import { failureAnswer } from "../cache/error-answer.ts";
import { appendCacheStatus, cacheStatusMember, xCache } from "../cache/outcome.ts";

// A client that takes nothing for this long holds memory that others need.
const STALLED_CLIENT_MS = 30_000;
// Progress shows when a whole write is taken, so a write is what the slowest client takes in that time: 8 KiB/s.
const LARGEST_WRITE = 256 * 1024;

type Edge = Pick<CacheContext, "id" | "log" | "clock">;

/** Writes the answer. Resolves when it is written, or when the client or the origin broke it off. Never rejects. */
export async function respond(
  served: Served,
  method: string,
  response: ServerResponse,
  edge: Edge,
): Promise<void> {
  const { content } = served;
  const leave = (): void => cancel(content);
  // A client that leaves while the origin is silent would otherwise be noticed at the origin's next byte.
  response.once("close", leave);
  try {
    if (response.destroyed) throw new Error("the client left");
    writeHead(response, served, edge);
    if (method === "HEAD") cancel(content);
    await writeContent(method === "HEAD" ? { kind: "none" } : content, response, edge.clock);
  } catch (thrown) {
    cancel(content);
    if (response.destroyed || response.headersSent) {
      edge.log.info({ cause: describeError(thrown) }, "answer broken off");
      // RFC 9112 section 8: an incomplete message is told by the connection that closes before its end.
      response.destroy();
    } else await respond(failureAnswer(thrown, "request", edge), method, response, edge);
  } finally {
    response.off("close", leave);
  }
}

/** The answer to a request that was refused, as the last bytes of its connection. Its content is in memory. */
export function answerBytes(served: Served, method: string, edge: Edge): Uint8Array {
  const { status, content } = served;
  const lines = fieldLines(served, edge.id);
  lines.push("Date", formatHttpDate(edge.clock.wall()), "Connection", "close");
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (let i = 0; i + 1 < lines.length; i += 2) head += `${lines[i]}: ${lines[i + 1]}\r\n`;
  const chunks = content.kind === "bytes" && method !== "HEAD" ? content.chunks : [];
  return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), ...chunks]);
}

function writeHead(response: ServerResponse, served: Served, edge: Edge): void {
  const lines = fieldLines(served, edge.id);
  try {
    response.writeHead(served.status, lines);
  } catch (cause) {
    const rule = "the origin's fields must be such that they can be sent on";
    throw new Failure("http_protocol_error", "origin", `${rule}: ${describeError(cause)}`, cause);
  }
}

/** The answer's field lines as node takes them: name, value, name, value … */
function fieldLines(served: Served, edgeId: string): string[] {
  const { fields, content, outcome, age } = served;
  const lines: string[] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (lower !== "cache-status" && lower !== "x-cache" && !(lower === "age" && age !== undefined)) {
      lines.push(name, value);
    }
  }
  // RFC 9110 section 8.6: none in a 204, which has no content to tell the length of.
  const tellsLength = content.kind !== "none" && content.length !== undefined && served.status !== 204;
  if (tellsLength && !fields.has("Content-Length")) {
    lines.push("Content-Length", String(content.length));
  }
  if (age !== undefined) lines.push("Age", String(age));
  const status = appendCacheStatus(fields, cacheStatusMember(edgeId, outcome));
  lines.push("Cache-Status", status, "X-Cache", xCache(outcome));
  return lines;
}

function cancel(content: Content): void {
  if (content.kind === "stream") content.cancel();
}

async function writeContent(content: Content, response: ServerResponse, clock: Clock): Promise<void> {
  switch (content.kind) {
    case "none":
      response.end();
      break;
    case "bytes": {
      const [only, ...more] = content.chunks;
      // One call writes the field section and the content together.
      if (more.length === 0 && content.length <= LARGEST_WRITE) response.end(only);
      else {
        for (const chunk of content.chunks) await write(response, chunk, clock);
        response.end();
      }
      break;
    }
    case "stream":
      for await (const chunk of content.read(0)) await write(response, chunk, clock);
      response.end();
      break;
  }
  // Nothing is left in memory: the system has it all. A response that waits for its turn has no socket yet.
  if (response.writableFinished || response.socket?.writableLength === 0) return;
  await unlessStalled(response, "finish", clock);
}

async function write(response: ServerResponse, chunk: Uint8Array, clock: Clock): Promise<void> {
  for (let from = 0; from < chunk.byteLength; from += LARGEST_WRITE) {
    const piece = chunk.subarray(from, from + LARGEST_WRITE);
    if (!response.write(piece)) await unlessStalled(response, "drain", clock);
  }
}

/** Waits while the client is slower than we are. Rejects when it has left, or takes nothing any more. */
async function unlessStalled(
  response: ServerResponse,
  event: "drain" | "finish",
  clock: Clock,
): Promise<void> {
  if (response.destroyed) throw new Error("the client left");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const over = new AbortController();
  const left = (): void => reject(new Error("the client left"));
  response.once(event, resolve);
  response.once("close", left);
  clock.wait(STALLED_CLIENT_MS, over.signal).then(
    () => reject(new Error(`the client took nothing for ${STALLED_CLIENT_MS} ms`)),
    () => undefined,
  );
  try {
    await promise;
  } finally {
    over.abort();
    response.off(event, resolve);
    response.off("close", left);
  }
}
