import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { get } from "../../test/rig/http-client.ts";
import { routing } from "../../test/rig/routing.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("the connections to an edge", () => {
  const { edge, rawEdge, router } = routing();
  let skippedMs: number;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs };

  beforeEach(() => {
    skippedMs = 0;
  });

  it("are used again, one after the other", async () => {
    const { edge: only, data } = await rawEdge("only", OK);
    const { base } = await router([only]);
    for (const _ of [1, 2, 3]) expect((await get(base, "/")).text).to.equal("ok");
    expect(data.connections).to.equal(1);
  });

  it("are as many as there are requests at a time, and the one used last is used first", async () => {
    const together = new Gate();
    const sockets: unknown[] = [];
    const only = await edge("only", {
      answer: async (request, response) => {
        sockets.push(request.socket);
        if (sockets.length === 2) together.open();
        if (request.url !== "/at-once") await together.passed;
        response.end("ok");
      },
    });
    const { base } = await router([only]);
    await Promise.all([get(base, "/"), get(base, "/")]);
    expect(new Set(sockets).size).to.equal(2);
    for (const _ of [1, 2, 3]) await get(base, "/at-once");
    expect(new Set(sockets.slice(2)).size).to.equal(1);
  });

  it("are not used after 4 s of idleness, which is less than most servers allow, and are closed", async () => {
    const { edge: only, data } = await rawEdge("only", OK);
    const { base } = await router([only], {}, { clock });
    await get(base, "/");
    skippedMs = 3000;
    await get(base, "/");
    expect(data.connections).to.equal(1);
    const closed = data.closed();
    skippedMs += 4100;
    await closed;
    await get(base, "/");
    expect(data.connections).to.equal(2);
  });

  it("are kept for a minute at most, however long the edge says", async () => {
    const answer = `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3600\r\nContent-Length: 2\r\n\r\nok`;
    const { edge: only, data } = await rawEdge("only", answer);
    const { base } = await router([only], {}, { clock });
    await get(base, "/");
    skippedMs = 50_000;
    await get(base, "/");
    expect(data.connections).to.equal(1);
    const closed = data.closed();
    skippedMs += 60_001;
    await closed;
  });

  it("are kept up to 256", async () => {
    const count = 257;
    const sockets: unknown[] = [];
    let together = new Gate();
    const only = await edge("only", {
      answer: async ({ socket }, response) => {
        sockets.push(socket);
        if (sockets.length % count === 0) together.open();
        await together.passed;
        response.end("ok");
      },
    });
    const { base } = await router([only]);
    for (let round = 1; round <= 2; round += 1) {
      together = new Gate();
      await Promise.all(Array.from({ length: count }, () => get(base, "/")));
    }
    expect(new Set(sockets).size).to.equal(count + 1);
  });

  it("are kept as long as the edge says, less a second", async () => {
    const answer = `HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=30\r\nContent-Length: 2\r\n\r\nok`;
    const { edge: only, data } = await rawEdge("only", answer);
    const { base } = await router([only], {}, { clock });
    await get(base, "/");
    skippedMs = 20_000;
    await get(base, "/");
    expect(data.connections).to.equal(1);
    const closed = data.closed();
    skippedMs += 29_100;
    await closed;
  });

  for (const [what, answer] of [
    ["says that it closes", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["sends more than it was asked for", `${OK}!`],
  ] as const) {
    it(`are not used again when the edge ${what}`, async () => {
      const { edge: only, data } = await rawEdge("only", answer);
      const { base } = await router([only]);
      expect((await get(base, "/")).text).to.equal("ok");
      await data.closed();
      expect((await get(base, "/")).text).to.equal("ok");
      expect(data.connections).to.equal(2);
    });
  }

  it("are dropped when the edge closes them, or says something that nobody asked for", async () => {
    for (const unasked of ["", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"]) {
      let idle = new Gate();
      const { edge: only, data } = await rawEdge("only", (socket) => {
        socket.write(OK);
        idle.passed.then(() => (unasked === "" ? socket.end() : socket.write(unasked)));
      });
      const { base, log } = await router([only]);
      await get(base, "/");
      const closed = data.closed();
      idle.open();
      await closed;
      idle = new Gate();
      expect((await get(base, "/")).text).to.equal("ok");
      expect([data.connections, data.heads.length]).to.deep.equal([2, 2]);
      expect(log.some(({ msg }) => msg === "trying the next edge")).to.equal(false);
    }
  });

  it("are closed when the edge is found dead", async () => {
    const { edge: only, data } = await rawEdge("only", OK);
    const { base } = await router([only]);
    await get(base, "/");
    const closed = data.closed();
    only.stopGrpc();
    await closed;
  });
});
