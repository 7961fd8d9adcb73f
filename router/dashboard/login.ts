import express, { type RequestHandler, Router } from "express";
import { clientOf } from "../../http/server/client-address.ts";
import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import { sendProblem } from "./call-pages.ts";
import type { DashboardRight } from "./dashboard-right.ts";
import { LoginPace } from "./login-pace.ts";
import { noSessionCookie, sessionCookie, sessionIn } from "./session-cookie.ts";
import type { Sessions } from "./sessions.ts";

export interface LoginParts {
  readonly sessions: Sessions;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Log;
  /** What whoever has this token may do. */
  readonly rightBy: (token: string) => DashboardRight;
}

// A token has at most 256 characters.
const MOST_BODY_BYTES = 4 * 1024;

/** As JSON, or as the form of a browser without scripts. */
const readToken: readonly RequestHandler[] = [
  express.json({ limit: MOST_BODY_BYTES, inflate: false, type: "application/json" }),
  express.urlencoded({ limit: MOST_BODY_BYTES, inflate: false, extended: false, parameterLimit: 5 }),
];

/** POST /dashboard/login and /dashboard/logout. A page of another site is refused before (process/cross-site.ts). */
export function loginPages({ sessions, clock, log, rightBy }: LoginParts): Router {
  const pace = new LoginPace(clock);
  const router = Router({ caseSensitive: true, strict: true });
  router.post("/dashboard/login", ...readToken, (request, response) => {
    const client = clientOf(request.socket.remoteAddress ?? "");
    const waitMs = pace.waitMs(client);
    if (waitMs > 0) {
      // RFC 6585 section 4.
      response.set("Retry-After", String(Math.ceil(waitMs / 1_000)));
      return sendProblem(response, 429, "token: must be right after some tries; wait before the next one");
    }
    const body: unknown = request.body;
    const token = typeof body === "object" && body !== null && "token" in body ? body.token : undefined;
    const right = typeof token === "string" ? rightBy(token) : "none";
    if (right === "none") {
      pace.failed(client);
      log.warn({ client }, "login refused: token missing or wrong");
      // RFC 9110 section 11.6.1.
      response.set("WWW-Authenticate", "Bearer");
      return sendProblem(response, 401, "token: must be the router's token or read token, got another one");
    }
    const before = sessionIn(request);
    if (before !== undefined) sessions.end(before);
    log.info({ client, right }, "logged in to the dashboard");
    response.set("Set-Cookie", sessionCookie(request, sessions.begin(right)));
    if (request.is("application/json")) response.json({ right });
    else response.redirect(303, "/");
  });
  router.post("/dashboard/logout", (request, response) => {
    const id = sessionIn(request);
    if (id !== undefined) sessions.end(id);
    response.set("Set-Cookie", noSessionCookie(request));
    if (request.is("application/json")) response.json({});
    else response.redirect(303, "/");
  });
  return router;
}
