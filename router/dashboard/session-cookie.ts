import type { Request } from "express";
import { SESSION_MS } from "./sessions.ts";

/** RFC 6265 section 4.1: the field Set-Cookie by which a browser keeps a session. */
export function sessionCookie(request: Request, id: string): string {
  return cookie(request, id, Math.floor(SESSION_MS / 1_000));
}

/** The field that makes it forget its session. */
export function noSessionCookie(request: Request): string {
  return cookie(request, "", 0);
}

// As it is made in sessions.ts.
const ID = /^[\w-]{1,64}$/;

/** The session that the browser has; undefined: none. */
export function sessionIn(request: Request): string | undefined {
  const start = `${nameOf(request)}=`;
  const pair = (request.headers.cookie ?? "").split(/; */).find((each) => each.startsWith(start));
  const id = pair?.slice(start.length);
  return id !== undefined && ID.test(id) ? id : undefined;
}

function cookie(request: Request, id: string, maxAge: number): string {
  const fields = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict`;
  return `${nameOf(request)}=${id}; ${fields}${request.secure ? "; Secure" : ""}`;
}

/**
 * Cookies do not tell ports apart (RFC 6265 section 8.5), and a host may have several routers. A browser takes a name with
 * `__Host-` from the host itself alone, by TLS.
 */
function nameOf(request: Request): string {
  return `${request.secure ? "__Host-" : ""}edgecache-${request.socket.localPort ?? 0}`;
}
