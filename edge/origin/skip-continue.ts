import type { Socket } from "node:net";

// As many as other interim responses; then undici sees the next one, and refuses it.
const MOST = 32;

// More than any interim response has; what is longer is left to undici's own bounds.
const LONGEST = 4096;

const CONTINUE = /^HTTP\/1\.[01] 100[ \r]/;
const STATUS_LENGTH = "HTTP/1.1 100 ".length;

/**
 * Makes reads from `socket` leave out each 100 (Continue) that comes before a response. RFC 9110 section 15.2: a
 * client must be able to skip interim responses that it did not ask for; undici skips all but this one, on which it
 * closes the connection. The function that it returns tells whether such a 100, or the beginning of one, is all that
 * has come since the last request.
 */
export function skipContinue(socket: Socket): () => boolean {
  const read = socket.read.bind(socket);
  // A response begins with what is read first after something was written.
  let written = 0;
  let begun: Buffer = Buffer.alloc(0);
  let skipped = 0;
  socket.read = (size?: number): Buffer | null => {
    const chunk: Buffer | null = read(size);
    if (chunk === null || socket.bytesWritten === written) return chunk;
    begun = begun.byteLength === 0 ? chunk : Buffer.concat([begun, chunk]);
    for (let end = endOfContinue(begun); end !== undefined && skipped < MOST; end = endOfContinue(begun)) {
      begun = begun.subarray(end);
      skipped += 1;
    }
    if (mayBecomeContinue(begun)) return null;
    const response = begun;
    written = socket.bytesWritten;
    begun = Buffer.alloc(0);
    skipped = 0;
    return response;
  };
  return () => skipped > 0 || begun.byteLength > 0;
}

/** Where a whole 100 at the start of `bytes` ends; undefined when there is none. */
function endOfContinue(bytes: Buffer): number | undefined {
  if (!CONTINUE.test(bytes.toString("latin1", 0, STATUS_LENGTH))) return undefined;
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? undefined : end + 4;
}

/** Whether it takes more bytes to know. */
function mayBecomeContinue(bytes: Buffer): boolean {
  if (bytes.byteLength < STATUS_LENGTH) return "HTTP/1.1 100 ".startsWith(bytes.toString("latin1"));
  return CONTINUE.test(bytes.toString("latin1", 0, STATUS_LENGTH)) && isUnended(bytes);
}

function isUnended(bytes: Buffer): boolean {
  return bytes.byteLength < LONGEST && !bytes.includes("\r\n\r\n");
}
