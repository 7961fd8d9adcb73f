import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import type { Fields } from "../../http/message/fields.ts";
import { Failure } from "../../process/failure.ts";
import { failureOf, get, never, textOf } from "../../test/rig/fetching.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { upstreams } from "../../test/rig/upstreams.ts";

describe("An exchange with an upstream that misbehaves", () => {
  const { upstream, raw } = upstreams();

  const ok = "HTTP/1.1 200 OK\r\n";
  const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

  const refused = {
    http_protocol_error: {
      "a length with a transfer coding": `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      "a transfer coding with a length": `${ok}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`,
      "two lengths": `${ok}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
      "a length that is no number": `${ok}Content-Length: +3\r\n\r\nabc`,
      "a control character in a field": `${ok}X-A: a\x01b\r\n\r\n`,
      "a field without a name": `${ok}: a\r\n\r\n`,
      "a bare line": "hello\r\n\r\n",
      "another protocol": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      "a status above 599": "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
      "a status below 100": "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
      "33 early hints": "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(33),
      "33 times a 100": "HTTP/1.1 100 Continue\r\n\r\n".repeat(33),
    },
    http_upgrade_failed: {
      "a switch of protocols": "HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: ws\r\n\r\n",
      "a switch of protocols to none": "HTTP/1.1 101 Switch\r\n\r\n",
    },
    http_response_header_section_size: {
      "a field of 64 KiB": `${ok}X-Large: ${"x".repeat(64 * 1024)}\r\n\r\n`,
      "1,001 fields": `${ok}${"a: b\r\n".repeat(1001)}\r\n`,
      "64 KiB of fields": `${ok}${"X-A: 0123456789\r\n".repeat(4096)}\r\n`,
    },
    http_response_transfer_coding: {
      "a transfer coding that was not asked for": `${ok}Transfer-Encoding: gzip\r\n\r\n`,
      "a transfer coding before chunked": `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    },
  };
  for (const [code, replies] of Object.entries(refused)) {
    for (const [name, bytes] of Object.entries(replies)) {
      it(`fails with ${code} on ${name}`, async () => {
        const server = await raw(bytes);
        const failure = await failureOf(upstream(server.url).fetch(get("/a"), never));
        expect(failure.code).to.equal(code);
        expect(failure.source).to.equal("origin");
        expect(failure.message).to.contain(`GET ${server.url.origin}/a`);
      });
    }
  }

  it("takes 1,000 fields", async () => {
    const server = await raw(`${ok}Content-Length: 0\r\n${"a: b\r\n".repeat(999)}\r\n`);
    const response = await upstream(server.url).fetch(get("/a"), never);
    expect([...response.fields]).to.have.length(1000);
  });

  it("fails on a connection that ends before the fields, or among them", async () => {
    const nothing = await raw("", "end");
    const failure = await failureOf(upstream(nothing.url).fetch(get("/a"), never));
    expect(failure.code).to.equal("connection_terminated");
    const half = await raw(`${ok}Content-`, "end");
    const second = await failureOf(upstream(half.url).fetch(get("/a"), never));
    expect(second.code).to.equal("http_response_incomplete");
  });

  const broken: readonly [name: string, bytes: string, then: "stay" | "end" | "reset", code: string][] = [
    ["shorter than its length", `${ok}Content-Length: 10\r\n\r\nabc`, "end", "origin-body-short"],
    [
      "shorter than its length on a connection for one response",
      `${ok}Connection: close\r\nContent-Length: 10\r\n\r\nabc`,
      "end",
      "origin-body-short",
    ],
    ["reset inside its length", `${ok}Content-Length: 10\r\n\r\nabc`, "reset", "origin-body-short"],
    ["without a length and reset", `${ok}\r\nabc`, "reset", "origin-body-short"],
    ["cut inside of a chunk", `${chunked}5\r\nabc`, "end", "origin-body-short"],
    ["without its last chunk", `${chunked}3\r\nabc\r\n`, "end", "origin-body-short"],
    [
      "without its last chunk on a connection for one response",
      `${ok}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
      "end",
      "origin-body-short",
    ],
    ["with a bad chunk size", `${chunked}3\r\nabc\r\nxyz\r\n`, "stay", "http_response_transfer_coding"],
    ["with a chunk too long", `${chunked}3\r\nabcdef\r\n0\r\n\r\n`, "stay", "http_response_transfer_coding"],
  ];
  for (const [name, bytes, then, code] of broken) {
    it(`gives what came of a body ${name}, then ${code}`, async () => {
      const server = await raw(bytes, then === "end" ? "end" : "stay");
      const { body } = await upstream(server.url).fetch(get("/a"), never);
      const iterator = body[Symbol.asyncIterator]();
      expect(Buffer.from((await iterator.next()).value).toString()).to.equal("abc");
      if (then === "reset") server.reset();
      expect((await failureOf(iterator.next())).code).to.equal(code);
    });
  }

  it("destroys a connection on which more came than was announced", async () => {
    const poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    const server = await raw((socket, count) =>
      socket.write(`${ok}Content-Length: 4\r\n\r\ngood${count === 1 ? poison : ""}`),
    );
    const origin = upstream(server.url, { connections: 1 });
    expect(await textOf(await origin.fetch(get("/a"), never))).to.equal("good");
    expect(await textOf(await origin.fetch(get("/b"), never))).to.equal("good");
    expect(server.connections).to.equal(2);
  });

  it("gives up on fields that do not come, whatever comes before them", async () => {
    const silent = await raw("");
    const options = { fieldsTimeoutMs: 40 };
    const failure = await failureOf(upstream(silent.url, options).fetch(get("/a"), never));
    expect(failure.code).to.equal("http_response_timeout");
    const tunnel = { ...get("/a"), upgrade: "websocket" };
    const third = await failureOf(upstream(silent.url, options).fetch(tunnel, never));
    expect(third.code).to.equal("http_response_timeout");
    const stuck = await raw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-");
    const second = await failureOf(upstream(stuck.url, options).fetch(get("/a"), never));
    expect(second.code).to.equal("http_response_timeout");
  });

  it("gives up on a body that stands still while its reader waits, and not before", async () => {
    const clock = new ManualClock();
    const server = await raw(`${ok}Content-Length: 6\r\n\r\nabc`);
    const { body } = await upstream(server.url, { clock, bodyTimeoutMs: 1000 }).fetch(get("/a"), never);
    clock.advance(5000);
    const iterator = body[Symbol.asyncIterator]();
    expect(Buffer.from((await iterator.next()).value).toString()).to.equal("abc");
    clock.advance(5000);
    await turn();
    const next = failureOf(iterator.next());
    clock.advance(1000);
    expect((await next).code).to.equal("http_response_timeout");
  });

  it("says so when every connection is taken", async () => {
    const clock = new ManualClock();
    const written = new Gate();
    const server = await raw(() => written.open());
    const origin = upstream(server.url, { connections: 1, clock });
    const first = failureOf(origin.fetch(get("/a"), never));
    const second = failureOf(origin.fetch(get("/b"), never));
    await written.passed;
    clock.advance(30_000);
    expect((await first).code).to.equal("http_response_timeout");
    expect((await second).code).to.equal("connection_limit_reached");
  });
});

describe("Interim responses of an upstream", () => {
  const { upstream, raw } = upstreams();
  const final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  type Interim = readonly [status: number, lines: readonly (readonly [string, string])[]];

  async function fetched(bytes: string): Promise<{ interim: readonly Interim[]; text: string }> {
    const server = await raw(bytes);
    const interim: Interim[] = [];
    const onInterim = (status: number, fields: Fields) => {
      interim.push([status, [...fields]]);
    };
    const response = await upstream(server.url).fetch({ ...get("/a"), onInterim }, never);
    return { interim, text: await textOf(response) };
  }

  it("are given on in order, with the end-to-end fields of each and nothing of the others", async () => {
    const bytes = [
      "HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n",
      "HTTP/1.1 102 Processing\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n",
      "HTTP/1.1 199 Odd\r\nX-B: \xe9\r\n\r\n",
    ].join("");
    const { interim, text } = await fetched(bytes + final);
    expect(interim).to.deep.equal([
      [102, []],
      [
        103,
        [
          ["Link", "</a.css>; rel=preload"],
          ["Link", "</b.js>"],
        ],
      ],
      [199, [["X-B", Buffer.from("\xe9").toString("latin1")]]],
    ]);
    expect(text).to.equal("ok");
  });

  it("arrive while the final one is still to come", async () => {
    const server = await raw("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
    const hinted = Promise.withResolvers<number>();
    const leaving = new AbortController();
    const fetching = upstream(server.url).fetch({ ...get("/a"), onInterim: hinted.resolve }, leaving.signal);
    expect(await hinted.promise).to.equal(103);
    leaving.abort(new Failure("left", "client", "The client left."));
    expect((await failureOf(fetching)).code).to.equal("left");
  });

  it("are no more than 16, though 32 may come", async () => {
    const hints = Array.from({ length: 32 }, (_, i) => `HTTP/1.1 103 Hint\r\nX-I: ${i}\r\n\r\n`).join("");
    const { interim, text } = await fetched(hints + final);
    expect(interim.map(([, [first]]) => first?.[1])).to.deep.equal(
      Array.from({ length: 16 }, (_, i) => `${i}`),
    );
    expect(text).to.equal("ok");
  });

  it("fail the exchange and break the connection when they do not end", async () => {
    const closed = new Gate();
    const server = await raw((socket) => {
      socket.once("close", () => closed.open());
      const hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
      const more = (error?: Error | null): boolean => error == null && socket.write(hint, more);
      more();
    });
    let passed = 0;
    const onInterim = () => {
      passed += 1;
    };
    const failure = await failureOf(upstream(server.url).fetch({ ...get("/a"), onInterim }, never));
    expect([failure.code, passed]).to.deep.equal(["http_protocol_error", 16]);
    await closed.passed;
  });

  it("may not be larger than other field sections", async () => {
    const large = `HTTP/1.1 103 Hint\r\nLink: ${"x".repeat(40_000)}\r\n\r\n`;
    const failure = await failureOf(fetched(large + final));
    expect(failure.code).to.equal("http_response_header_section_size");
  });

  it("end with their fields, whatever length they announce, and so does a 204", async () => {
    const { interim, text } = await fetched(`HTTP/1.1 103 Hint\r\nContent-Length: 5\r\n\r\n${final}`);
    expect([interim, text]).to.deep.equal([[[103, []]], "ok"]);
    const server = await raw("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-A: 1\r\n\r\n");
    const response = await upstream(server.url).fetch(get("/a"), never);
    expect([[...response.fields], await textOf(response)]).to.deep.equal([[["X-A", "1"]], ""]);
  });
});

describe("A 100 (Continue) of an upstream", () => {
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
