import type { RequestHandler } from "express";

/** What only the one-command system has: somebody may break it, and mend it again. */
export interface Demo {
  /** The pages to look at beside the dashboard, by what their links say. */
  readonly links: Readonly<Record<string, string>>;
  /** Says in a sentence what is so now. Throws Failure("bad-usage"). */
  act(action: string, body: unknown): Promise<string>;
}

/** POST /dashboard/demo/<action>. */
export function demoPage(demo: Pick<Demo, "act">): RequestHandler {
  return async (request, response) => {
    response.json({ said: await demo.act(String(request.params.action), request.body) });
  };
}
