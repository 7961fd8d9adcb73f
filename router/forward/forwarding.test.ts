import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { get } from "../../test/rig/http-client.ts";
import type { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { routing } from "../../test/rig/routing.ts";

const NEAR = { pingDelayMs: 0 };
const FAR = { pingDelayMs: 40 };

describe("forwarding", () => {
  const { edge, rawEdge, router } = routing();

  describe("with two edges alive", () => {
    it("takes the one with the lower round-trip time, and says so", async () => {
      const { base } = await router([await edge("far", FAR), await edge("near", NEAR)]);
      const reply = await get(base, "/");
      expect(reply.text).to.equal("near");
      expect(reply.header("X-Served-By")).to.equal("near");
      expect(reply.header("Server-Timing")).to.match(/^router;dur=\d+\.\d, rtt;dur=\d+\.\d;desc="near"$/);
      expect(reply.header("Via")).to.equal("1.1 edgecache-router");
    });

    it("avoids the one that drains although it is nearer", async () => {
      const { base } = await router([
        await edge("far", FAR),
        await edge("near", { ping: { state: "draining" } }),
      ]);
      expect((await get(base, "/")).text).to.equal("far");
    });

    it("tries the next when a connection is refused, and the refusing one last after three times", async () => {
      const near = await edge("near", NEAR);
      const { base, log } = await router([await edge("far", FAR), near]);
      await near.stopHttp();
      for (const _ of [1, 2, 3, 4, 5]) expect((await get(base, "/")).text).to.equal("far");
      expect(log.filter(({ msg }) => msg === "trying the next edge")).to.have.length(3);
    });

    it("tries the next when the connection is reset before the first byte of the answer", async () => {
      const near = await edge("near", { answer: (request) => void request.socket.destroy() });
      const { base } = await router([await edge("far", FAR), near]);
      expect((await get(base, "/")).text).to.equal("far");
    });

    it("tries the next when an edge answers with something that is not HTTP", async () => {
      const near = await rawEdge("near", "SSH-2.0-OpenSSH_9\r\n");
      const { base } = await router([await edge("far", FAR), near.edge]);
      expect((await get(base, "/")).text).to.equal("far");
    });

    it("leaves an edge that is found dead while a GET waits for it", async () => {
      const waiting = new Gate();
      const near = await edge("near", { answer: () => waiting.open() });
      const { base } = await router([await edge("far", FAR), near]);
      const reply = get(base, "/");
      await waiting.passed;
      near.stopGrpc();
      expect((await reply).text).to.equal("far");
    });

    it("sends a POST to the next edge when nothing of it was sent", async () => {
      const near = await edge("near", NEAR);
      const echo: RoutedEdge["does"]["answer"] = (request, response) => void request.pipe(response);
      const { base } = await router([await edge("far", { ...FAR, answer: echo }), near]);
      await near.stopHttp();
      expect((await get(base, "/", { method: "POST", body: "a=1" })).text).to.equal("a=1");
    });

    it("never sends a POST twice once its body has begun to go", async () => {
      let farAsked = 0;
      const far = await edge("far", {
        ...FAR,
        answer: (_request, response) => void response.end(String(++farAsked)),
      });
      const near = await edge("near", {
        answer: (request) => request.on("data", () => request.socket.destroy()),
      });
      const { base } = await router([far, near]);
      const reply = await get(base, "/", { method: "POST", body: "a=1" });
      expect(reply.status).to.equal(502);
      expect(reply.header("Proxy-Status")).to.equal("edgecache-router; error=connection_terminated");
      expect(reply.header("X-Served-By")).to.equal(undefined);
      expect(farAsked).to.equal(0);
    });

    it("never sends a POST without a body twice", async () => {
      let farAsked = 0;
      const far = await edge("far", {
        ...FAR,
        answer: (_request, response) => void response.end(String(++farAsked)),
      });
      const near = await edge("near", { answer: (request) => void request.socket.destroy() });
      const { base } = await router([far, near]);
      expect((await get(base, "/", { method: "POST" })).status).to.equal(502);
      expect(farAsked).to.equal(0);
    });
  });

  describe("with one edge", () => {
    it("asks it once more when it closed an idle connection just then", async () => {
      const { edge: only, data } = await rawEdge("only", (socket, count) => {
        if (count === 2) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
      const { base } = await router([only]);
      expect((await get(base, "/")).text).to.equal("ok");
      expect((await get(base, "/")).text).to.equal("ok");
      expect(data.heads).to.have.length(3);
    });

    it("gives up on a request that breaks every connection, after three tries", async () => {
      const { edge: only, data } = await rawEdge("only", (socket) => void socket.destroy());
      const { base } = await router([only]);
      expect((await get(base, "/")).status).to.equal(502);
      expect(data.heads).to.have.length(3);
    });
  });

  describe("an edge that speaks rubbish", () => {
    const answers: Readonly<Record<string, string>> = {
      "another protocol": "SSH-2.0-OpenSSH_9\r\n",
      "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
      "a length and a coding":
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "64 KiB of fields": `HTTP/1.1 200 OK\r\nX: ${"x".repeat(66_000)}\r\n\r\n`,
      "interim responses without end": "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(33),
    };
    for (const [what, answer] of Object.entries(answers)) {
      it(`is left for the next, and its connection with it: ${what}`, async () => {
        const near = await rawEdge("near", answer);
        const { base, log } = await router([await edge("far", FAR), near.edge]);
        expect((await get(base, "/")).text).to.equal("far");
        await near.data.closed();
        expect(log.find(({ msg }) => msg === "trying the next edge")?.code).to.equal("edge-rubbish");
      });
    }

    it("is told apart from one that closes inside its head", async () => {
      const near = await rawEdge("near", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Le"));
      const { base, log } = await router([await edge("far", FAR), near.edge]);
      expect((await get(base, "/")).text).to.equal("far");
      expect(log.find(({ msg }) => msg === "trying the next edge")?.code).to.equal("edge-broke-off");
    });
  });

  describe("with hedging", () => {
    /** Two edges, of which the near one answers as fast as it can until it is told to hold, and a router that knows it. */
    async function hedged(far: string, config: { hedge: boolean } = { hedge: true }) {
      const [held, left, farAsked] = [new Gate(), new Gate(), [] as string[]];
      let holds = false;
      const near = await edge("near", {
        answer: (_request, response) => {
          if (!holds) return void response.end("near");
          response.on("close", () => left.open());
          held.open();
        },
      });
      const other = await edge(far, {
        ...FAR,
        answer: ({ method }, response) => {
          farAsked.push(method ?? "");
          response.end(far);
        },
      });
      let skippedMs = 0;
      const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };
      const started = await router([other, near], config, { clock, limits: { stopMs: 0 } });
      for (let i = 0; i < 30; i += 1) await get(started.base, "/");
      // What is usual is reckoned four times a second.
      skippedMs = 300;
      holds = true;
      return { ...started, held, left, farAsked };
    }

    it("also asks the next edge when one takes longer than usual, and closes the connection to the loser", async () => {
      const { base, admin, left } = await hedged("far");
      const reply = await get(base, "/");
      expect([reply.text, reply.header("X-Served-By")]).to.deep.equal(["far", "far"]);
      await left.passed;
      const metrics = (await get(admin, "/metrics")).text;
      expect(metrics).to.match(/edgecache_router_hedges_total\{edge="far"\} [1-9]/);
      expect(metrics).to.contain("edgecache_router_in_flight 0\n");
    });

    it("asks nobody else for a POST, a HEAD or a GET with a body", async () => {
      const { base, held, farAsked } = await hedged("far");
      farAsked.length = 0;
      const asked = [
        get(base, "/", { method: "POST", body: "x" }),
        get(base, "/", { method: "HEAD" }),
        get(base, "/", { body: "x", headers: { "Content-Length": "1" } }),
      ];
      await held.passed;
      expect((await get(base, "/")).text).to.equal("far");
      expect(farAsked).to.deep.equal(["GET"]);
      for (const each of asked) each.catch(() => undefined);
    });

    it("asks nobody else unless it is switched on", async () => {
      const { base, held, farAsked } = await hedged("far", { hedge: false });
      const reply = get(base, "/");
      reply.catch(() => undefined);
      await held.passed;
      await new Promise(setImmediate);
      expect(farAsked).to.deep.equal([]);
    });
  });

  describe("when every edge is sick", () => {
    it("tries again for one request in five once the first failures have been let through", async () => {
      const edges = [];
      let asked = 0;
      for (const id of ["a", "b", "c"]) {
        edges.push(
          (
            await rawEdge(id, (socket) => {
              asked += 1;
              socket.destroy();
            })
          ).edge,
        );
      }
      const standing: Clock = { ...systemClock, monotonic: () => 0 };
      const { base, admin } = await router(edges, {}, { clock: standing });
      for (let i = 0; i < 300; i += 1) expect((await get(base, "/")).status).to.equal(502);
      // 100 from the floor, and a fifth of 300.
      expect(asked).to.be.within(455, 461);
      expect((await get(admin, "/metrics")).text).to.match(/edgecache_router_retries_refused_total [1-9]/);
    });
  });
});
