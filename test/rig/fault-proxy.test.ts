import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { FaultProxy } from "./fault-proxy.ts";
import { get } from "./http-client.ts";
import { HttpOrigin } from "./http-origin.ts";

describe("the fault proxy", () => {
  /** Answers every piece with the same in capitals; tells of each. */
  let server: Server;
  let proxy: FaultProxy;
  let client: Socket;
  const heard = new EventEmitter<{ piece: [string] }>();

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes: Buffer) => {
        heard.emit("piece", bytes.toString());
        socket.write(bytes.toString().toUpperCase());
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    proxy = await FaultProxy.start((server.address() as AddressInfo).port);
    client = connect(proxy.port, "127.0.0.1");
    await once(client, "connect");
    expect(await ask("hello")).to.equal("HELLO");
  });

  afterEach(async () => {
    client.destroy();
    await proxy.close();
    server.close();
  });

  async function ask(text: string): Promise<string> {
    const answer = once(client, "data");
    client.write(text);
    return String((await answer)[0]);
  }

  it("holds requests in a black hole and delivers them late", async () => {
    proxy.inflict({ kind: "black-hole", direction: "requests" });
    let healed = false;
    const arrived = once(heard, "piece").then(() => healed);
    const answer = ask("late");
    // Another connection goes through the same hole: by then the first would have been delivered.
    const other = connect(proxy.port, "127.0.0.1");
    await once(other, "connect");
    healed = true;
    proxy.heal();
    expect(await answer).to.equal("LATE");
    expect(await arrived).to.equal(true);
    other.destroy();
  });

  it("holds replies in a black hole, though the request is carried out", async () => {
    proxy.inflict({ kind: "black-hole", direction: "replies" });
    const arrived = once(heard, "piece");
    const answer = ask("done");
    expect(await arrived).to.deep.equal(["done"]);
    expect(client.bytesRead).to.equal("HELLO".length);
    proxy.heal();
    expect(await answer).to.equal("DONE");
  });

  it("resets the connections that there are, and takes new ones", async () => {
    const [error] = await Promise.all([once(client, "error"), proxy.inflict({ kind: "reset" })]);
    expect(error[0]).to.have.property("code", "ECONNRESET");
    const again = connect(proxy.port, "127.0.0.1");
    again.write("again");
    expect(String((await once(again, "data"))[0])).to.equal("AGAIN");
    again.destroy();
  });

  it("leads to another server from the moment it is told to", async () => {
    const other = createServer((socket) => void socket.end("another")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const moved = once(client, "error");
    proxy.redirect((other.address() as AddressInfo).port);
    expect((await moved)[0]).to.have.property("code", "ECONNRESET");
    const again = connect(proxy.port, "127.0.0.1");
    expect(String((await once(again, "data"))[0])).to.equal("another");
    again.destroy();
    other.close();
  });

  it("drops the reply to what is carried out", async () => {
    proxy.inflict({ kind: "reply-dropped" });
    const [piece, error] = [once(heard, "piece"), once(client, "error")];
    client.write("unheard");
    expect(await piece).to.deep.equal(["unheard"]);
    expect((await error)[0]).to.have.property("code", "ECONNRESET");
    expect(client.bytesRead).to.equal("HELLO".length);
  });

  it("delays every reply by as much as it is told", async () => {
    proxy.inflict({ kind: "delay", ms: 60 });
    const askedAt = performance.now();
    expect(await ask("slow")).to.equal("SLOW");
    expect(performance.now() - askedAt).to.be.at.least(59);
  });

  it("passes what closes at the end of an answer", async () => {
    const origin = await HttpOrigin.start({ "/": { body: "whole" } });
    const closing = await FaultProxy.start(Number(origin.url.port));
    const answer = await get(`http://127.0.0.1:${closing.port}`, "/", { headers: { connection: "close" } });
    expect(answer.text).to.equal("whole");
    await closing.close();
    await origin.stop();
  });
});
