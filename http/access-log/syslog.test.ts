import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { Syslog } from "./syslog.ts";

describe("Syslog", () => {
  let server: Socket;
  let syslog: Syslog;
  beforeEach(async () => {
    server = createSocket("udp4");
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    syslog = new Syslog({
      host: "127.0.0.1",
      port: server.address().port,
      from: { host: "h1", program: "edge", pid: 7 },
      wall: () => Date.UTC(2026, 10, 27),
    });
  });
  afterEach(() => {
    syslog.close();
    server.close();
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
