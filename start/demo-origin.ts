import { createServer } from "node:http";
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from "express";
import type { Clock } from "../process/clock.ts";
import { describeError } from "../process/failure.ts";
import { hostPort, listen } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import type { DemoFleet } from "./demo-fleet.ts";

// Long enough to be felt beside the round trips of the three edges.
const SLOW_MS = 200;
// A stream is over before somebody looks away, and slow enough that its events are seen to come one by one.
const EVENTS = 5;
const EVENT_EVERY_MS = 400;

/** The tag of the article, by which its publisher purges it. */
const ARTICLE_TAG = "demo-article";

export interface DemoOriginParts {
  readonly host: string;
  readonly fleet: Pick<DemoFleet, "purge" | "view">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The application behind the buttons of the demo site. */
export interface DemoOrigin {
  readonly url: URL;
  stop(): Promise<void>;
}

/** Starts it on any free port. Each of its pages leads to another outcome at an edge. Throws a Failure. */
export async function startDemoOrigin({ host, fleet, clock, log }: DemoOriginParts): Promise<DemoOrigin> {
  const stopped = new AbortController();
  const app = express();
  app.disable("x-powered-by");
  const counts = { article: 1, guests: 0, news: 0 };

  app.post("/demo/:page", ownPagesOnly);
  app.get("/demo/view", async (_request, response) => {
    cached(response, "no-store");
    response.json(await fleet.view());
  });
  app.get("/demo/page", (_request, response) => {
    cached(response, "max-age=60");
    told(response, "This page is fresh for a minute.");
  });
  app.get("/demo/slow", async (_request, response) => {
    await clock.wait(SLOW_MS, stopped.signal);
    cached(response, "max-age=60");
    told(response, `The origin took ${SLOW_MS} ms to make this.`);
  });
  app.get("/demo/news", async (_request, response) => {
    await clock.wait(SLOW_MS, stopped.signal);
    counts.news += 1;
    // RFC 5861 section 3: nobody waits for the next edition.
    cached(response, "max-age=1, stale-while-revalidate=3600");
    told(response, `Edition ${counts.news} of the news.`);
  });
  app.get("/demo/menu", (_request, response) => {
    // Express gives it an ETag, and answers conditions by it.
    cached(response, "max-age=1, must-revalidate");
    told(response, "Soup, bread, apples.");
  });
  app.get("/demo/broken", (request) => {
    request.destroy();
  });
  app.get("/demo/pass", (_request, response) => {
    cached(response, "max-age=60");
    told(response, "A rule of the site passes this path to the origin every time.");
  });
  app.get("/demo/greeting", (request, response) => {
    cached(response, "max-age=60");
    response.vary("Accept-Language");
    const language = request.acceptsLanguages("en", "de") === "de" ? "de" : "en";
    response.set("Content-Language", language);
    told(response, language === "de" ? "Guten Tag!" : "Good day!");
  });
  app.get("/demo/article", (_request, response) => {
    cached(response, "max-age=600");
    response.set("Cache-Tag", ARTICLE_TAG);
    told(response, `Version ${counts.article} of the article.`);
  });
  app.post("/demo/article", async (_request, response) => {
    counts.article += 1;
    cached(response, "no-store");
    const receipts = await fleet.purge(ARTICLE_TAG);
    told(response, `Version ${counts.article} is published. Purge by the tag ${ARTICLE_TAG}: ${receipts}.`);
  });
  app.get("/demo/account", (_request, response) => {
    cached(response, "private, max-age=60");
    told(response, "This is for you alone.");
  });
  app.get("/demo/guests", (_request, response) => {
    cached(response, "max-age=600");
    told(response, guests(counts.guests));
  });
  app.post("/demo/guests", (_request, response) => {
    counts.guests += 1;
    cached(response, "no-store");
    told(response, `You have signed. ${guests(counts.guests)}`);
  });
  app.get("/demo/events", async (_request, response) => {
    cached(response, "no-store");
    response.set("Content-Type", "text/event-stream");
    response.flushHeaders();
    const left = new AbortController();
    response.once("close", () => left.abort());
    const ended = AbortSignal.any([left.signal, stopped.signal]);
    for (let event = 1; event <= EVENTS && !ended.aborted; event += 1) {
      response.write(`data: event ${event} of ${EVENTS}\n\n`);
      await clock.wait(EVENT_EVERY_MS, ended).catch(() => response.end());
    }
    response.end();
  });
  app.use((_request, response) => {
    cached(response, "no-store");
    response.status(404);
    told(response, "The demo has no such page.");
  });
  app.use(failed(log));

  const server = createServer(app);
  const port = await listen(server, host, 0, "the origin of the demo");
  return {
    url: new URL(`http://${hostPort(host, port)}`),
    stop: () =>
      new Promise((resolve) => {
        stopped.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page of another site must change nothing here. Browsers say whose page asks. */
const ownPagesOnly: RequestHandler = (request, response, next) => {
  const from = request.headers["sec-fetch-site"] ?? "none";
  if (from === "same-origin" || from === "none") return next();
  cached(response, "no-store");
  response.status(403);
  told(response, "Sec-Fetch-Site: a page of another site must not ask here");
};

function cached(response: Response, how: string): void {
  response.set("Cache-Control", how);
}

function told(response: Response, text: string): void {
  response.type("text/plain").send(`${text}\n`);
}

function guests(count: number): string {
  return count === 1 ? "One guest has signed." : `${count} guests have signed.`;
}

/** RFC 9110 section 15.6.3: something that the answer needs did not work. Express knows it by its four parameters. */
function failed(log: Log): ErrorRequestHandler {
  return (thrown: unknown, _request, response, _next) => {
    log.warn({ cause: describeError(thrown) }, "the demo cannot answer");
    if (response.headersSent) return void response.destroy();
    cached(response, "no-store");
    response.status(502);
    told(response, describeError(thrown));
  };
}
