import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { expect } from "chai";
import { Syslog } from "./syslog.ts";

describe("Syslog", () => {
  let server: Socket;
  let syslog: Syslog;
  beforeEach(async () => {
    server = createSocket("udp4");
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    syslog = to("127.0.0.1");
  });
  afterEach(() => {
    syslog.close();
    server.close();
  });

  const to = (host: string) =>
    new Syslog({
      host,
      port: server.address().port,
      from: { host: "h1", program: "edge", pid: 7 },
      wall: () => Date.UTC(2026, 10, 27),
    });
  const taken = (bytes: Buffer) => new Promise((resolve) => syslog.sink(bytes, resolve));

  it("looks its server up once for lines that are written together", async () => {
    syslog.close();
    syslog = to("localhost");
    const seen: PerformanceEntry[] = [];
    const observer = new PerformanceObserver((list) => seen.push(...list.getEntries()));
    observer.observe({ entryTypes: ["dns"] });
    const came = once(server, "message");
    expect(await taken(Buffer.from("a\n".repeat(100)))).to.equal(true);
    await came;
    const lookups = [...seen, ...observer.takeRecords()];
    observer.disconnect();
    expect(lookups).to.have.length(1);
  });

  it("loses lines whose server has no address, and those that it has when it is closed", async () => {
    syslog.close();
    // No name server is asked for a name that cannot be one.
    syslog = to("a..b");
    expect(await taken(Buffer.from("a\nb\n"))).to.equal(false);
    syslog.close();
    syslog = to("localhost");
    const last = taken(Buffer.from("a\n"));
    syslog.close();
    expect(await last).to.equal(false);
    syslog = to("127.0.0.1");
  });

  it("sends a message of RFC 5424 for each line", async () => {
    const messages: string[] = [];
    const came = new Promise<void>((resolve) => {
      server.on("message", (message) => {
        messages.push(message.toString());
        if (messages.length === 2) resolve();
      });
    });
    const isOut = await new Promise((resolve) => syslog.sink(Buffer.from('{"a":1}\n{"b":2}\n'), resolve));
    await came;
    const head = "<134>1 2026-11-27T00:00:00.000Z h1 edge 7 access - ";
    expect([isOut, messages]).to.deep.equal([true, [`${head}{"a":1}`, `${head}{"b":2}`]]);
  });

  it("goes on when nobody takes them", async () => {
    const { port } = server.address();
    server.close();
    server = createSocket("udp4");
    for (let n = 0; n < 3; n++) await new Promise((resolve) => syslog.sink(Buffer.from("a\n"), resolve));
    server.bind(port, "127.0.0.1");
    await once(server, "listening");
    const came = once(server, "message");
    expect(await new Promise((resolve) => syslog.sink(Buffer.from("b\n"), resolve))).to.be.a("boolean");
    syslog.sink(Buffer.from("b\n"), () => undefined);
    expect(String((await came)[0])).to.match(/ b$/);
  });
});
