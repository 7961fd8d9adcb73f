import { createHash, randomBytes } from "node:crypto";

export const WEB_SOCKET = "websocket";

/** RFC 8441 section 5: HTTP/2 has neither field. A proxy makes them for the server behind it, which speaks HTTP/1.1. */
export const KEY = "Sec-WebSocket-Key";
export const ACCEPT = "Sec-WebSocket-Accept";

// RFC 6455 section 1.3.
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES = 16;

/** RFC 6455 section 4.1: sixteen bytes that nobody can guess. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** RFC 6455 section 4.2.2: how a server shows that it has read the key. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}${MAGIC}`).digest("base64");
}
