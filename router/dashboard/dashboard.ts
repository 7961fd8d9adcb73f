import { hostname } from "node:os";
import { type Request, type RequestHandler, Router } from "express";
import manifest from "../../package.json" with { type: "json" };
import { isLoopback } from "../../process/address.ts";
import { asksForProof, type ControlConfig } from "../../process/control/control-config.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import type { OperatorAccess } from "../../process/control/operator-access.ts";
import { requestCaller } from "../../process/control/request-caller.ts";
import type { ControlPages } from "../../process/operator-port.ts";
import {
  type DashboardMode,
  type DashboardRight,
  type DashboardRules,
  dashboardRight,
} from "./dashboard-right.ts";
import { LiveFeed, type LiveFeedParts, REFRESH_MS } from "./live-feed.ts";
import { readPageFiles } from "./page-files.ts";
import { withSecurityFields } from "./security-fields.ts";

export interface DashboardParts extends Omit<LiveFeedParts, "tokens" | "identity"> {
  readonly config: ControlConfig & { readonly dashboard: DashboardMode };
  readonly identity: ControlIdentity | undefined;
  /** The address of the operator port. */
  readonly host: string;
  readonly callers: OperatorAccess["callers"];
}

// A browser that was turned away tries again when somebody else may have closed a page.
const RETRY_AFTER_S = 30;

/** The dashboard on the operator port: a page, and what it shows. */
export class Dashboard {
  readonly pages: ControlPages;
  readonly #feed: LiveFeed;
  readonly #rules: DashboardRules;

  constructor({ config, host, callers, ...parts }: DashboardParts) {
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
        response.status(503).type("text/plain").send("as many watch as can be served; close another page\n");
        return;
      }
      this.#feed.admit(response, this.#hello(request));
    });
    this.pages = { router, paths: ["/", "/live"] };
  }

  /** How many watch now. */
  get watchers(): number {
    return this.#feed.watchers;
  }

  stop(): void {
    this.#feed.close();
  }

  #hello(request: Request): object {
    return {
      router: hostname(),
      version: manifest.version,
      readOnly: this.#rightOf(request) !== "purge",
      demo: false,
      refresh_ms: REFRESH_MS,
    };
  }

  #rightOf(request: Request): DashboardRight {
    const { authorization, names } = requestCaller(request);
    return dashboardRight({ offered: bearerOf(authorization), names }, this.#rules);
  }

  #withRight(right: Exclude<DashboardRight, "none">): RequestHandler {
    return (request, response, next) => {
      const has = this.#rightOf(request);
      if (has === right || has === "purge") return next();
      if (has === "read") {
        response
          .status(403)
          .type("text/plain")
          .send("this needs the right to purge: got the right to read\n");
        return;
      }
      // RFC 9110 section 11.6.1.
      response.set("WWW-Authenticate", "Bearer");
      response.status(401).type("text/plain").send("this needs a login, or a token in Authorization\n");
    };
  }
}

// RFC 9110 section 11.1: the scheme's name is case-insensitive. RFC 6750 section 2.1.
const BEARER = /^bearer +(\S+)$/i;

/** Two of them have no meaning. */
function bearerOf(authorization: readonly string[]): string | undefined {
  const [field, ...more] = authorization;
  return field === undefined || more.length > 0 ? undefined : BEARER.exec(field)?.[1];
}
