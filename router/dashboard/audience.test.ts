import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { EventStream } from "../../test/rig/event-stream.ts";
import { until } from "../../test/rig/until.ts";
import { Audience, MOST_WATCHERS } from "./audience.ts";
import { MOST_QUEUED_BYTES } from "./watcher.ts";

describe("the audience of the dashboard", function () {
  this.timeout(20_000);
  const streams: EventStream[] = [];
  let audience: Audience;
  let log: string[];
  let server: Server;
  let base: string;

  beforeEach(async () => {
    log = [];
    audience = new Audience({
      clock: systemClock,
      began: () => log.push("began"),
      ended: () => log.push("ended"),
    });
    server = createServer((_request, response) => audience.admit(response, () => [["hello", {}]]));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    while (streams.length > 0) streams.pop()?.close();
    server.close();
    server.closeAllConnections();
  });

  async function watch(): Promise<EventStream> {
    const stream = await EventStream.open(base, "/");
    streams.push(stream);
    return stream;
  }

  it("begins with the first who watches, and ends with the last", async () => {
    const [first, second] = [await watch(), await watch()];
    first.close();
    await until("the first has gone", () => audience.size === 1);
    expect(log).to.deep.equal(["began"]);
    second.close();
    await until("the second has gone", () => audience.size === 0);
    expect(log).to.deep.equal(["began", "ended"]);
    await watch();
    expect(log).to.deep.equal(["began", "ended", "began"]);
  });

  it("is full with so many, and not with one fewer", async () => {
    for (let i = 1; i < MOST_WATCHERS; i += 1) await watch();
    expect(audience.isFull).to.equal(false);
    await watch();
    expect(audience.isFull).to.equal(true);
  });

  it("keeps URLs of strangers inside their event", async () => {
    const stream = await watch();
    const url = "/a\n\nevent: purge\ndata: {}\u2028\r\n<img onerror=alert(1)>";
    audience.tell("requests", { url });
    expect((await stream.event("requests")).url).to.equal(url);
    expect(stream.events.map(({ name }) => name)).to.deep.equal(["hello", "requests"]);
  });

  it("drops events for one who does not read, and tells how many once they read again", async () => {
    const reading = await watch();
    const sleeper: Socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    sleeper.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("both watch", () => audience.size === 2);
    const filler = "x".repeat(100_000);
    await until("its queue is full", () => {
      audience.tell("requests", { filler });
      return audience.droppedEvents > 0;
    });
    const sent = reading.events.length;
    audience.tell("mark", { n: sent });
    await reading.event("mark");
    expect(audience.mostQueued).to.be.at.most(MOST_QUEUED_BYTES);
    expect(reading.events.some(({ name }) => name === "dropped")).to.equal(false);
    let text = "";
    sleeper.setEncoding("utf8").on("data", (chunk: string) => {
      text = `${text}${chunk}`.slice(-2000);
    });
    await until("it is told", () => {
      audience.tell("fleet", {});
      return text.includes("event: dropped");
    });
    expect(text).to.match(/event: dropped\ndata: \{"at":\d+,"droppedEvents":[1-9]\d*\}\n/);
    sleeper.destroy();
  });
});
