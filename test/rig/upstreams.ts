import { type UpstreamOptions, UpstreamOrigin } from "../../edge/origin/upstream.ts";
import { systemClock } from "../../process/clock.ts";
import { stopAfterEach } from "./fetching.ts";
import { type Answer, HttpOrigin } from "./http-origin.ts";
import { RawOrigin, type RawReply } from "./raw-origin.ts";

export interface Upstreams {
  upstream(base: URL, options?: Partial<UpstreamOptions>): UpstreamOrigin;
  http(answers: Readonly<Record<string, Answer>>, host?: string): Promise<HttpOrigin>;
  /** Answers every request with these bytes, after which the connection stays open, or ends. */
  raw(reply: string | RawReply, then?: "stay" | "end"): Promise<RawOrigin>;
}

/** Inside a `describe`: makes servers and upstream origins that end with the test. */
export function upstreams(): Upstreams {
  const stopLater = stopAfterEach();
  return {
    upstream(base, options = {}) {
      const origin = new UpstreamOrigin({ base, via: "edge-1", clock: systemClock, ...options });
      stopLater(() => origin.close());
      return origin;
    },
    async http(answers, host) {
      const server = await HttpOrigin.start(answers, host);
      stopLater(() => server.stop());
      return server;
    },
    async raw(reply, then = "stay") {
      const server = await RawOrigin.start(typeof reply === "string" ? replyWith(reply, then) : reply);
      stopLater(() => server.stop());
      return server;
    },
  };
}

function replyWith(bytes: string, then: "stay" | "end"): RawReply {
  return (socket) => (then === "end" ? socket.end(bytes) : socket.write(bytes));
}
