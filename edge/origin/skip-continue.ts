import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

// As many as other interim responses. undici sees the next one and refuses it.
const MAX_SKIPPED = 32;

// More than any interim response has. A longer one is left to undici's own bounds.
const LONGEST = 4096;

// RFC 9112 section 4: the first digit of an interim status is 1.
const INTERIM = /^HTTP\/1\.[01] 1\d\d[ \r]/;
const CONTINUE = /^HTTP\/1\.[01] 100[ \r]/;
const EXAMPLE = "HTTP/1.1 100 ";

/** Reads of a connection between the head of a request and the head of its final response. */
class ResponseStart {
  /** Whether the next bytes may be an interim response. */
  awaited = false;
  /** The beginning of an interim response that is not complete. */
  #held: Buffer = Buffer.alloc(0);
  #skipped = 0;

  requestSent(): void {
    this.awaited = true;
    this.#held = Buffer.alloc(0);
    this.#skipped = 0;
  }

  /** Whether a 100, or the beginning of an interim response, is all that has come since the request. */
  get hiddenOnly(): boolean {
    return this.awaited && (this.#skipped > 0 || this.#held.byteLength > 0);
  }

  /** The bytes that undici is to see of these; null when there are none yet. */
  read(chunk: Buffer): Buffer | null {
    let rest = this.#held.byteLength === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const seen: Buffer[] = [];
    for (let end = endOfInterim(rest); end !== undefined; end = endOfInterim(rest)) {
      if (isContinue(rest) && this.#skipped < MAX_SKIPPED) this.#skipped += 1;
      else seen.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    if (mayBecomeInterim(rest)) this.#held = rest;
    else {
      // The final response has begun. All bytes until the next request belong to it, even if they look like a 100.
      this.awaited = false;
      seen.push(rest);
    }
    return seen.length === 0 ? null : Buffer.concat(seen);
  }
}

const responseStarts = new WeakMap<object, ResponseStart>();

subscribe("undici:client:sendHeaders", (message) => {
  if (typeof message !== "object" || message === null || !("socket" in message)) return;
  const { socket } = message;
  if (typeof socket === "object" && socket !== null) responseStarts.get(socket)?.requestSent();
});

/**
 * Makes reads from `socket` leave out each 100 (Continue) that comes before a response. RFC 9110 section 15.2: a
 * client must be able to skip interim responses that it did not ask for. undici skips all but this one, on which it
 * closes the connection (`lib/dispatcher/client-h1.js` of 8.13.1: "bad response"; nodejs/undici#201). The function
 * that it returns tells whether such a 100, or the beginning of an interim response, is all that has come since the
 * last request.
 */
export function skipContinue(socket: Socket): () => boolean {
  const start = new ResponseStart();
  responseStarts.set(socket, start);
  const read = socket.read.bind(socket);
  socket.read = (size?: number): Buffer | null => {
    const chunk: Buffer | null = read(size);
    return chunk === null || !start.awaited ? chunk : start.read(chunk);
  };
  return () => start.hiddenOnly;
}

/** Where a whole interim response at the start of `bytes` ends; undefined when there is none. */
function endOfInterim(bytes: Buffer): number | undefined {
  if (!INTERIM.test(statusLine(bytes))) return undefined;
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? undefined : end + 4;
}

/** Whether more bytes are needed to decide. */
function mayBecomeInterim(bytes: Buffer): boolean {
  const line = statusLine(bytes);
  if (!INTERIM.test(line + EXAMPLE.slice(line.length))) return false;
  return bytes.byteLength < LONGEST && !bytes.includes("\r\n\r\n");
}

function isContinue(bytes: Buffer): boolean {
  return CONTINUE.test(statusLine(bytes));
}

function statusLine(bytes: Buffer): string {
  return bytes.toString("latin1", 0, EXAMPLE.length);
}
