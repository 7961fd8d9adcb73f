import { expect } from "chai";
import fc from "fast-check";
import { EDGE_FIELD_LIMITS, type ResponseHead } from "../message/response-head.ts";
import { type ResponseProgress, ResponseReader } from "./response-reader.ts";

/** What a reader tells, piece by piece. */
function readAll(pieces: readonly Buffer[], method = "GET") {
  const told = { interim: [] as number[], status: 0, received: "", content: "", trailers: [] as string[] };
  const sink = {
    interim: ({ status }: ResponseHead) => void told.interim.push(status),
    head: ({ status }: ResponseHead) => {
      told.status = status;
    },
    body: (received: Buffer, content: readonly Buffer[]) => {
      told.received += received.toString("latin1");
      told.content += Buffer.concat(content).toString("latin1");
    },
    trailers: (raw: readonly string[]) => void told.trailers.push(...raw),
  };
  const reader = new ResponseReader(EDGE_FIELD_LIMITS);
  reader.begin(method);
  let progress: ResponseProgress = { kind: "more" };
  for (const piece of pieces) {
    if (progress.kind !== "more") break;
    // The buffer is used again for the next read: nothing may be kept of it.
    const bytes = Buffer.from(piece);
    progress = reader.read(bytes, sink);
    bytes.fill("#");
  }
  return { progress, ...told, persists: reader.persists, endsByClosing: reader.closed() };
}

const one = (text: string, method?: string) => readAll([Buffer.from(text, "latin1")], method);
const OK = "HTTP/1.1 200 OK\r\n";

describe("ResponseReader", () => {
  it("ends after Content-Length", () => {
    const { progress, content } = one(`${OK}Content-Length: 2\r\n\r\nok`);
    expect([progress, content]).to.deep.equal([{ kind: "whole", excess: false }, "ok"]);
  });

  it("tells a chunked body as received and as it reads, trailers and all", () => {
    const chunks = "2;x=y\r\nok\r\n1\r\n!\r\n0\r\nX-Sum: 3\r\n\r\n";
    const { progress, content, received, trailers } = one(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunks}`);
    expect(progress).to.deep.equal({ kind: "whole", excess: false });
    expect([content, received, trailers]).to.deep.equal(["ok!", chunks, ["X-Sum", "3"]]);
  });

  it("ends with its head for HEAD, 204 and 304, whatever the length", () => {
    for (const [start, method] of [
      [OK, "HEAD"],
      ["HTTP/1.1 204 No Content\r\n", "GET"],
      ["HTTP/1.1 304 Not Modified\r\n", "GET"],
    ] as const) {
      expect(one(`${start}Content-Length: 5\r\n\r\n`, method).progress.kind).to.equal("whole");
    }
  });

  it("ends with the connection when nothing else delimits it, and only then", () => {
    const { progress, content, endsByClosing } = one(`${OK}\r\nsome`);
    expect([progress.kind, content, endsByClosing]).to.deep.equal(["more", "some", true]);
    expect(one(`${OK}Content-Length: 9\r\n\r\nsome`).endsByClosing).to.equal(false);
    expect(one("HTTP/1.1 200").endsByClosing).to.equal(false);
  });

  it("tells bytes that nobody asked for", () => {
    expect(one(`${OK}Content-Length: 2\r\n\r\nok!`).progress).to.deep.equal({ kind: "whole", excess: true });
    expect(one(`${OK}Content-Length: 2\r\n\r\nok`, "HEAD").progress).to.deep.equal({
      kind: "whole",
      excess: true,
    });
  });

  it("knows whether another request may follow", () => {
    expect(one(`${OK}Content-Length: 0\r\n\r\n`).persists).to.equal(true);
    expect(one(`${OK}Content-Length: 0\r\nConnection: close\r\n\r\n`).persists).to.equal(false);
    expect(one("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").persists).to.equal(false);
  });

  it("passes 32 interim responses on and no more", () => {
    const hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
    const read = one(`${hint.repeat(32)}${OK}Content-Length: 0\r\n\r\n`);
    expect([read.interim.length, read.status, read.progress.kind]).to.deep.equal([32, 200, "whole"]);
    expect(one(hint.repeat(33)).progress.kind).to.equal("malformed");
  });

  const malformed: Readonly<Record<string, string>> = {
    "another protocol": "SSH-2.0-OpenSSH_9\r\n",
    "another version": "HTTP/2.0 200 OK\r\n\r\n",
    "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
    "a line without a colon": `${OK}no colon\r\n\r\n`,
    "a NUL in a value": `${OK}X: \0\r\n\r\n`,
    "a length and a coding": `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "two lengths": `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    "a negative length": `${OK}Content-Length: -5\r\n\r\nhello`,
    "a chunk without a size": `${OK}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    "a chunk longer than its size": `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
    "more than 64 KiB of fields": `${OK}X: ${"x".repeat(70_000)}\r\n\r\n`,
    "a change of protocol that nobody asked for": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  };
  for (const [what, bytes] of Object.entries(malformed)) {
    it(`believes nothing after ${what}`, () => expect(one(bytes).progress.kind).to.equal("malformed"));
  }

  describe("to a request that offers another protocol", () => {
    const switched = "HTTP/1.1 101 Switching Protocols\r\n";
    const read = (head: string, behind = "") => {
      const told = { status: 0, content: "" };
      const reader = new ResponseReader(EDGE_FIELD_LIMITS);
      reader.begin("GET", "websocket");
      const sink = {
        interim: () => undefined,
        head: ({ status }: ResponseHead) => {
          told.status = status;
        },
        body: (_: Buffer, content: readonly Buffer[]) => {
          told.content += Buffer.concat(content).toString("latin1");
        },
        trailers: () => undefined,
      };
      const progress = reader.read(Buffer.from(`${head}\r\n${behind}`), sink);
      return { ...told, kind: progress.kind, persists: reader.persists, endsByClosing: reader.closed() };
    };

    it("gives what is no HTTP any more as content that ends with the connection", () => {
      const told = read(
        `${switched}Connection: close, UPGRADE\r\nUpgrade: WebSocket\r\n`,
        "HTTP/1.1 200\r\n\r\n",
      );
      expect(told).to.deep.equal({
        status: 101,
        content: "HTTP/1.1 200\r\n\r\n",
        kind: "more",
        persists: false,
        endsByClosing: true,
      });
    });

    it("believes no 101 that names another protocol, none, two, or has content", () => {
      const connection = "Connection: Upgrade\r\n";
      for (const lines of [
        `${connection}Upgrade: h2c\r\n`,
        connection,
        "Upgrade: websocket\r\n",
        `${connection}Upgrade: websocket, h2c\r\n`,
        `${connection}Upgrade: websocket\r\nUpgrade: websocket\r\n`,
        `${connection}Upgrade: websocket\r\nContent-Length: 0\r\n`,
        `${connection}Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n`,
      ])
        expect(read(switched + lines).kind, lines).to.equal("malformed");
    });

    it("is one like any other when the server does not agree", () => {
      const told = read(`${OK}Content-Length: 2\r\n`, "ok");
      expect([told.status, told.content, told.kind, told.persists]).to.deep.equal([200, "ok", "whole", true]);
    });
  });

  it("reads the same in whatever pieces it comes", () => {
    const answers = [
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 11\r\n\r\nhello world`,
      `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX: y\r\n\r\n`,
      `${OK}Connection: close\r\n\r\nhello world`,
    ];
    const cuts = fc.array(fc.nat(120), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...answers), cuts, (answer, at) => {
        const bytes = Buffer.from(answer);
        const edges = [0, ...at.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const pieces = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
        expect(readAll(pieces)).to.deep.equal(readAll([bytes]));
      }),
    );
  });
});
