import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect } from "chai";
import { WriteBuffer } from "./write-buffer.ts";

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
});
