import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { get, never, textOf } from "../../test/rig/fetching.ts";
import { Gate } from "../../test/rig/gate.ts";
import { upstreams } from "../../test/rig/upstreams.ts";
import { skipContinue } from "./skip-continue.ts";

describe("skipContinue", () => {
  const { upstream, raw } = upstreams();
  const CONTINUE = "HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n";
  const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\nHTTP/1.1 100 is only content.";

  for (const [name, size] of [
    ["in one piece", 10_000],
    ["byte by byte", 1],
    ["in pieces of 7 bytes", 7],
  ] as const) {
    it(`leaves out 100s that come ${name}, and nothing else`, async () => {
      const bytes = `${CONTINUE}${CONTINUE}${RESPONSE}`;
      const server = await raw((socket) => {
        for (let i = 0; i < bytes.length; i += size) socket.write(bytes.slice(i, i + size));
      });
      const origin = upstream(server.url, { connections: 1 });
      for (let i = 0; i < 3; i++) {
        const response = await origin.fetch(get("/a"), never);
        expect(response.status).to.equal(200);
        expect(await textOf(response)).to.equal("HTTP/1.1 100 is only content.");
      }
      expect(server.connections).to.equal(1);
    });
  }

  it("leaves out 32 of them before one response", async () => {
    const server = await raw(CONTINUE.repeat(32) + RESPONSE);
    const response = await upstream(server.url).fetch(get("/a"), never);
    expect(await textOf(response)).to.equal("HTTP/1.1 100 is only content.");
  });

  it("holds less than 4 KiB of an interim response that is not complete", async () => {
    for (const [length, isHeld] of [
      [4_095, true],
      [4_096, false],
    ] as const) {
      const server = await raw("HTTP/1.1 100 Continue\r\nX-A: ".padEnd(length, "x"));
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      skipContinue(socket);
      channel("undici:client:sendHeaders").publish({ socket });
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await once(socket, "readable");
      const seen: Buffer | null = socket.read();
      expect(seen?.byteLength).to.equal(isHeld ? undefined : length);
      socket.destroy();
    }
  });

  it("leaves content alone that looks like a 100 at the start of a read", async () => {
    const fieldsRead = new Gate();
    const server = await raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${CONTINUE.length}\r\n\r\n`);
      void fieldsRead.passed.then(() => socket.write(CONTINUE));
    });
    const response = await upstream(server.url).fetch(get("/a"), never);
    fieldsRead.open();
    expect(await textOf(response)).to.equal(CONTINUE);
  });

  it("leaves out a 100 that comes after another interim response", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    for (const bytes of [`${hints}${CONTINUE}${RESPONSE}`, `${CONTINUE}${hints}${CONTINUE}${RESPONSE}`]) {
      const server = await raw(bytes);
      const seen: number[] = [];
      const response = await upstream(server.url).fetch(
        { ...get("/a"), onInterim: (status) => seen.push(status) },
        never,
      );
      expect(await textOf(response)).to.equal("HTTP/1.1 100 is only content.");
      expect(seen).to.deep.equal([103]);
    }
  });

  describe("while the request's body is still being sent", () => {
    /** Answers at once, writes `content` when more of the request's body has come, and closes if `length` is unknown. */
    async function answeredEarly(content: string, length: "known" | "unknown"): Promise<string> {
      const head = length === "known" ? `Content-Length: ${content.length}` : "Connection: close";
      const began = new Gate();
      const more = new Gate();
      const server = await raw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
        socket.on("data", (bytes: string) => {
          if (!bytes.includes("second")) return;
          if (length === "known") socket.write(content);
          else socket.end(content);
        });
      });
      async function* body() {
        yield Buffer.from("first");
        await more.passed;
        yield Buffer.from("second");
        await began.passed;
      }
      const response = await upstream(server.url).fetch(
        { method: "POST", target: "/a", fields: get("/a").fields, body: body() },
        never,
      );
      more.open();
      try {
        return await textOf(response);
      } finally {
        began.open();
      }
    }

    for (const [why, content] of [
      ["is a whole 100", CONTINUE],
      ["is how a 100 begins", "H"],
      ["has a 100 at its start", `${CONTINUE}and more`],
    ] as const) {
      it(`leaves content alone that ${why}`, async () => {
        expect(await answeredEarly(content, "known")).to.equal(content);
        expect(await answeredEarly(content, "unknown")).to.equal(content);
      });
    }
  });
});
