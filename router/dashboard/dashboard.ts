import { hostname } from "node:os";
import { type Request, type RequestHandler, Router } from "express";
import manifest from "../../package.json" with { type: "json" };
import { isLoopback } from "../../process/address.ts";
import { asksForProof, type ControlConfig } from "../../process/control/control-config.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import type { OperatorAccess } from "../../process/control/operator-access.ts";
import { requestCaller } from "../../process/control/request-caller.ts";
import type { ControlPages } from "../../process/operator-port.ts";
import { MOST_WATCHERS } from "./audience.ts";
import { explainPage, problemPage, purgePage, readJson, sendProblem } from "./call-pages.ts";
import {
  type DashboardMode,
  type DashboardRight,
  type DashboardRules,
  dashboardRight,
  loginRight,
} from "./dashboard-right.ts";
import { type Demo, demoPage } from "./demo-page.ts";
import { FleetCalls } from "./fleet-calls.ts";
import { LiveFeed, type LiveFeedParts, REFRESH_MS } from "./live-feed.ts";
import { loginPages } from "./login.ts";
import { readPageFiles } from "./page-files.ts";
import { withSecurityFields } from "./security-fields.ts";
import { sessionIn } from "./session-cookie.ts";
import { Sessions } from "./sessions.ts";

export interface DashboardParts extends Omit<LiveFeedParts, "tokens" | "identity"> {
  readonly config: ControlConfig & { readonly dashboard: DashboardMode };
  readonly identity: ControlIdentity | undefined;
  /** The address of the operator port. */
  readonly host: string;
  readonly callers: OperatorAccess["callers"];
  /** undefined: nobody may break this fleet. */
  readonly demo?: Demo | undefined;
}

// A browser that was turned away tries again when somebody else may have closed a page.
const RETRY_AFTER_S = 30;

/** The dashboard on the operator port: a page, and what it shows. */
export class Dashboard {
  readonly pages: ControlPages;
  readonly #feed: LiveFeed;
  readonly #rules: DashboardRules;
  readonly #sessions: Sessions;
  readonly #demo: Demo | undefined;

  constructor({ config, host, callers, demo, ...parts }: DashboardParts) {
    const { clock, log } = parts;
    this.#sessions = new Sessions(clock);
    this.#demo = demo;
    const { tokens, dashboard: mode } = config;
    this.#rules = { tokens, callers, asksForProof: asksForProof(config), isLocal: isLoopback(host), mode };
    this.#feed = new LiveFeed({ ...parts, tokens });
    const router = Router({ caseSensitive: true, strict: true });
    // Anybody may have the files: they say nothing of this fleet, and the login is among them.
    for (const [path, { type, body }] of readPageFiles()) {
      router.get(path, withSecurityFields, (_request, response) => {
        response.set("Content-Type", type).send(body);
      });
    }
    router.get("/live", withSecurityFields, this.#withRight("read"), (request, response) => {
      if (this.#feed.isFull) {
        response.set("Retry-After", String(RETRY_AFTER_S));
        sendProblem(response, 503, `watchers: must be at most ${MOST_WATCHERS}; close another page`);
        return;
      }
      this.#feed.admit(response, this.#hello(request));
    });
    const fleet = new FleetCalls({ ...parts, tokens });
    const reading = [withSecurityFields, this.#withRight("read")];
    router.get("/dashboard/explain", ...reading, explainPage(fleet));
    router.post(
      "/dashboard/purge",
      withSecurityFields,
      this.#withRight("purge"),
      ...readJson,
      (_request, _response, next) => {
        this.#feed.hurry();
        next();
      },
      purgePage(fleet, log),
    );
    if (demo !== undefined) {
      const changing = [withSecurityFields, this.#withRight("purge"), ...readJson];
      router.post("/dashboard/demo/:action", ...changing, demoPage(demo));
    }
    const rightBy = (token: string) => loginRight(token, this.#rules);
    router.use("/dashboard", withSecurityFields);
    router.use(loginPages({ sessions: this.#sessions, clock, log, rightBy }));
    router.use("/dashboard", problemPage);
    this.pages = {
      router,
      paths: [
        "/",
        "/live",
        "/dashboard/explain",
        "/dashboard/purge",
        ...(demo === undefined ? [] : ["/dashboard/demo/:action"]),
        "/dashboard/login",
        "/dashboard/logout",
      ],
      mayRead: (request) => this.#rightOf(request) !== "none",
    };
  }

  stop(): void {
    this.#feed.close();
  }

  #hello(request: Request): object {
    const readOnly = this.#rightOf(request) !== "purge";
    const { tokens, mode } = this.#rules;
    return {
      router: hostname(),
      version: manifest.version,
      readOnly,
      // Whether a login would change that.
      mayLogIn: readOnly && mode === "on" && tokens.token !== undefined,
      demo: this.#demo !== undefined,
      links: this.#demo?.links ?? {},
      refresh_ms: REFRESH_MS,
    };
  }

  #rightOf(request: Request): DashboardRight {
    const { authorization, names } = requestCaller(request);
    const session = this.#sessions.rightOf(sessionOf(request) ?? "");
    return dashboardRight({ offered: bearerOf(authorization), names, session }, this.#rules);
  }

  #withRight(right: Exclude<DashboardRight, "none">): RequestHandler {
    return (request, response, next) => {
      const has = this.#rightOf(request);
      if (has === right || has === "purge") return next();
      if (has === "read") return sendProblem(response, 403, `right: must be ${right}, got read`);
      // RFC 9110 section 11.6.1.
      response.set("WWW-Authenticate", "Bearer");
      sendProblem(
        response,
        401,
        "token: must be given, by a login or in Authorization, got none that is right",
      );
    };
  }
}

/**
 * A browser sends a cookie whoever made it ask. Before something changes it must say that a page of this port did; the
 * operator port has checked both fields (process/cross-site.ts).
 */
function sessionOf(request: Request): string | undefined {
  const { method, headers } = request;
  const isProven = headers.origin !== undefined || headers["sec-fetch-site"] === "same-origin";
  return method === "GET" || method === "HEAD" || isProven ? sessionIn(request) : undefined;
}

// RFC 9110 section 11.1: the scheme's name is case-insensitive. RFC 6750 section 2.1.
const BEARER = /^bearer +(\S+)$/i;

/** Two of them have no meaning. */
function bearerOf(authorization: readonly string[]): string | undefined {
  const [field, ...more] = authorization;
  return field === undefined || more.length > 0 ? undefined : BEARER.exec(field)?.[1];
}
