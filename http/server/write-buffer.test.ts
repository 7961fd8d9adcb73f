import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { expect } from "chai";
import { WriteBuffer } from "./write-buffer.ts";

/** A socket that takes everything at once, and what was written to it. */
function collector(): { readonly socket: Socket; readonly written: string } {
  let written = "";
  const socket = new Duplex({
    write: (bytes: Buffer, _encoding, done) => {
      written += bytes.toString("latin1");
      done();
    },
  });
  return {
    socket: socket as Socket,
    get written() {
      return written;
    },
  };
}

describe("a write buffer", () => {
  it("sends messages whole and in order to many sockets, however slowly they are taken", async () => {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const buffer = new WriteBuffer();
    const readers: Socket[] = [];
    const writers: Socket[] = [];
    for (let i = 0; i < 3; i += 1) {
      readers.push(connect(port, "127.0.0.1").pause());
      const [writer] = (await once(server, "connection")) as [Socket];
      writers.push(writer);
    }
    const sent = readers.map(() => "");
    // More than the kernel holds: the later messages of each socket wait, while others use the buffer.
    for (let round = 0; round < 300; round += 1) {
      for (const [at, writer] of writers.entries()) {
        const [head, body, tail] = [`${at}:${round} `, String(round % 10).repeat(50_000), "\r\n"];
        buffer.send(writer, head, Buffer.from(body), tail);
        sent[at] += head + body + tail;
      }
    }
    for (const [at, writer] of writers.entries()) {
      writer.end();
      let received = "";
      for await (const chunk of readers[at] ?? []) received += chunk;
      expect(received === sent[at]).to.equal(true);
    }
    server.close();
  });

  it("sends what is larger than itself", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const reader = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [writer] = (await once(server, "connection")) as [Socket];
    const body = Buffer.alloc(2 ** 20, "x");
    new WriteBuffer().send(writer, "h\xe9ad", body);
    writer.end();
    const received = Buffer.concat(await Array.fromAsync(reader));
    expect(received.equals(Buffer.concat([Buffer.from("h\xe9ad", "latin1"), body]))).to.equal(true);
    server.close();
  });

  it("copies lent messages at once, behind what was gathered, also one that is larger than itself", () => {
    const memory = Buffer.from(`..lines..${"b".repeat(100_000)}`);
    const lent = {
      begin: "<",
      behindLines: ">",
      memory,
      linesAt: 2,
      linesEnd: 7,
      bodyAt: 9,
      copied: () => true,
    };
    const { socket } = collector();
    const whole = collector();
    const buffer = new WriteBuffer();
    // Its connection breaks.
    buffer.gatherLent(socket, { ...lent, bodyEnd: 11 });
    buffer.gather(whole.socket, "head;");
    let expected = "head;";
    for (const length of [0, 3, 60_000, 60_000, 100_000, 1]) {
      buffer.gatherLent(whole.socket, { ...lent, bodyEnd: 9 + length });
      expected += `<lines>${"b".repeat(length)}`;
    }
    memory.fill("?");
    buffer.flush(whole.socket);
    expect(whole.written === expected).to.equal(true);
  });

  it("never gives one socket what was gathered for another whose connection broke before it was written", () => {
    const buffer = new WriteBuffer();
    const [broken, next] = [collector(), collector()];
    buffer.gather(broken.socket, "secret");
    buffer.gather(next.socket, "first ");
    buffer.flush(next.socket);
    buffer.gather(broken.socket, "secret");
    buffer.send(next.socket, "second ");
    buffer.flush(next.socket);
    expect([broken.written, next.written]).to.deep.equal(["", "first second "]);
  });

  it("gathers more than it holds", () => {
    const buffer = new WriteBuffer();
    const client = collector();
    const bodies = Array.from({ length: 40 }, (_, at) =>
      String(at % 10).repeat(at % 3 === 0 ? 20_000 : 9_000),
    );
    for (const body of bodies) buffer.gather(client.socket, "head ", Buffer.from(body));
    buffer.flush(client.socket);
    expect(client.written === bodies.map((body) => `head ${body}`).join("")).to.equal(true);
  });
});
