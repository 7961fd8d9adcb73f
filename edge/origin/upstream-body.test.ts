import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { Failure } from "../../process/failure.ts";
import { failureOf, get, never, standstill, textOf } from "../../test/rig/fetching.ts";
import type { Answer } from "../../test/rig/http-origin.ts";
import { upstreams } from "../../test/rig/upstreams.ts";

describe("A body between UpstreamOrigin and its upstream", () => {
  const { upstream, http, raw } = upstreams();

  describe("with a body that is large or slow", () => {
    const MEGABYTE = 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024, "x");

    it("reads no faster than its reader", async () => {
      let produced = 0;
      async function* endless() {
        for (; produced < 200 * MEGABYTE; produced += piece.byteLength) yield piece;
      }
      const server = await http({ "/large": { body: endless() } });
      const { body } = await upstream(server.url).fetch(get("/large"), never);
      let consumed = 0;
      let furthest = 0;
      for await (const chunk of body) {
        consumed += chunk.byteLength;
        // Turns of the event loop in which the origin could run ahead.
        if (consumed % MEGABYTE < chunk.byteLength) for (let i = 0; i < 20; i++) await turn();
        furthest = Math.max(furthest, produced - consumed);
      }
      expect(consumed).to.equal(200 * MEGABYTE);
      // What the two sockets and their kernel buffers hold.
      expect(furthest).to.be.below(24 * MEGABYTE);
    });

    it("reads nothing before its reader asks", async () => {
      let produced = 0;
      async function* endless() {
        for (; ; produced += piece.byteLength) yield piece;
      }
      const server = await http({ "/large": { body: endless() } });
      await upstream(server.url).fetch(get("/large"), never);
      await standstill(() => produced);
      expect(produced).to.be.below(24 * MEGABYTE);
    });

    it("puts the single bytes of a dripping origin together", async () => {
      const bytes = `1\r\nx\r\n`.repeat(10_000);
      const server = await raw(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bytes}0\r\n\r\n`);
      const chunks = await Array.fromAsync((await upstream(server.url).fetch(get("/a"), never)).body);
      expect(Buffer.concat(chunks).toString()).to.equal("x".repeat(10_000));
      expect(chunks.length).to.be.below(100);
    });

    it("lies in few pieces of memory while it is gathered, and else each chunk in its own", async () => {
      const bytes = Buffer.alloc(3 * MEGABYTE, "abcdefghijk");
      const server = await http({
        "/large": { fields: [["Content-Length", `${bytes.length}`]], body: bytes },
      });
      const chunksOf = async (how: "gathered" | "scattered" | "as it comes") => {
        const { body } = await upstream(server.url).fetch(get("/large"), never);
        if (how !== "as it comes") body.gather?.(bytes.length);
        const chunks: Uint8Array[] = [];
        for await (const chunk of body) {
          chunks.push(chunk);
          if (how === "scattered") body.scatter?.();
        }
        expect(Buffer.concat(chunks).equals(bytes)).to.equal(true);
        return { chunks: chunks.length, buffers: new Set(chunks.map(({ buffer }) => buffer)).size };
      };
      expect(await chunksOf("gathered")).to.include({ buffers: 3 });
      for (const how of ["scattered", "as it comes"] as const) {
        const { chunks, buffers } = await chunksOf(how);
        expect(buffers).to.equal(chunks);
      }
    });

    for (const [how, leave] of [
      [
        "leaves the loop",
        async (body: AsyncIterable<Uint8Array>) => {
          for await (const _ of body) break;
        },
      ],
      [
        "returns without having read",
        async (body: AsyncIterable<Uint8Array>) => {
          await body[Symbol.asyncIterator]().return?.();
        },
      ],
    ] as const) {
      it(`gives the connection up when the reader ${how}`, async () => {
        const server = await raw(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc`);
        const origin = upstream(server.url, { connections: 1 });
        const { body } = await origin.fetch(get("/a"), never);
        const closed = server.closed();
        await leave(body);
        await closed;
        await origin.fetch(get("/b"), never);
        expect(server.connections).to.equal(2);
      });
    }

    it("gives up before and inside the body when the signal says so", async () => {
      const server = await http({ "/a": { body: "half and half" } });
      const origin = upstream(server.url);
      const fields = server.hold("/a", "fields");
      const early = new AbortController();
      const waiting = origin.fetch(get("/a"), early.signal);
      await server.received("/a");
      early.abort(new Failure("left", "client", "The client left."));
      expect((await failureOf(waiting)).code).to.equal("left");
      fields.open();

      server.hold("/a", "body");
      const late = new AbortController();
      const { body } = await origin.fetch(get("/a"), late.signal);
      const iterator = body[Symbol.asyncIterator]();
      expect(Buffer.from((await iterator.next()).value).toString()).to.equal("half a");
      const next = iterator.next();
      late.abort(new Failure("left", "client", "The client left."));
      expect((await failureOf(next)).code).to.equal("left");
    });
  });

  describe("with a body that comes with its fields", () => {
    it("gives all of it at once, and nothing afterwards", async () => {
      const server = await raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
      );
      const { body } = await upstream(server.url).fetch(get("/a"), never);
      expect(Buffer.from(body.takeWhole?.() ?? []).toString()).to.equal("abc");
      expect(body.takeWhole?.()).to.equal(undefined);
      expect(await Array.fromAsync(body)).to.deep.equal([]);
    });

    it("gives none of it at once when some has been read", async () => {
      const server = await raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
      const { body } = await upstream(server.url).fetch(get("/a"), never);
      expect(Buffer.from((await body[Symbol.asyncIterator]().next()).value).toString()).to.equal("abc");
      expect(body.takeWhole?.()).to.equal(undefined);
    });

    it("gives none of it at once when some is still to come, or never comes", async () => {
      const server = await raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc");
      const { body } = await upstream(server.url).fetch(get("/a"), never);
      expect(body.takeWhole?.()).to.equal(undefined);
      const broken = await raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx");
      const failing = await upstream(broken.url).fetch(get("/a"), never);
      expect(failing.body.takeWhole?.()).to.equal(undefined);
      expect((await failureOf(textOf(failing))).code).to.equal("http_response_transfer_coding");
    });

    it("does not keep the memory of a read", async () => {
      const server = await raw((socket, count) => {
        const text = String.fromCharCode(96 + count).repeat(3);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${text}`);
      });
      const origin = upstream(server.url, { connections: 1 });
      const first = (await origin.fetch(get("/a"), never)).body.takeWhole?.() ?? [];
      await textOf(await origin.fetch(get("/b"), never));
      expect(Buffer.from(first).toString()).to.equal("aaa");
    });
  });

  describe("with a request that has a body", () => {
    it("streams it, with its length or in chunks", async () => {
      const answer: Answer = async ({ header, body }) => ({
        body: `${header("content-length") ?? header("transfer-encoding")}: ${await body()}`,
      });
      const server = await http({ "/form": answer });
      const origin = upstream(server.url);
      async function* parts() {
        yield Buffer.from("one ");
        yield Buffer.from("two");
      }
      const post = { ...get("/form"), method: "POST" };
      expect(await textOf(await origin.fetch({ ...post, body: parts() }, never))).to.equal(
        "chunked: one two",
      );
      const sized = Fields.of([["Content-Length", "7"]]);
      const whole = await origin.fetch({ ...post, fields: sized, body: parts() }, never);
      expect(await textOf(whole)).to.equal("7: one two");
      expect(await textOf(await origin.fetch(post, never))).to.equal("0: ");
    });

    it("reads it no faster than the origin does, and closes it when it gives up", async () => {
      const giveUp = new AbortController();
      let sent = 0;
      const released = Promise.withResolvers<void>();
      async function* endless() {
        try {
          for (; ; sent += 1) yield Buffer.alloc(1024 * 1024);
        } finally {
          released.resolve();
        }
      }
      const stalled = await raw((socket) => socket.pause());
      const origin = upstream(stalled.url);
      const request = { method: "PUT", target: "/file", fields: Fields.none, body: endless() };
      const answer = origin.fetch(request, giveUp.signal);
      await standstill(() => sent);
      expect(sent).to.be.below(32);
      giveUp.abort(new Failure("left", "client", "The client left."));
      expect((await failureOf(answer)).code).to.equal("left");
      await released.promise;
    });

    it("gives up its rest, and the connection, when the answer is whole before it", async () => {
      const server = await raw("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
      const origin = upstream(server.url, { connections: 1 });
      const released = Promise.withResolvers<void>();
      async function* endless() {
        try {
          for (;;) yield Buffer.alloc(1024);
        } finally {
          released.resolve();
        }
      }
      const closed = server.closed();
      const request = { method: "POST", target: "/", fields: Fields.none, body: endless() };
      const response = await origin.fetch(request, never);
      expect([response.status, await textOf(response)]).to.deep.equal([413, "no"]);
      await Promise.all([released.promise, closed]);
    });

    for (const length of [2, 4]) {
      it(`fails when it has 3 bytes, and ${length} were announced`, async () => {
        const server = await raw("");
        async function* three() {
          yield Buffer.from("one");
        }
        const fields = Fields.of([["Content-Length", `${length}`]]);
        const closed = server.closed();
        const request = { method: "PUT", target: "/", fields, body: three() };
        const failure = await failureOf(upstream(server.url).fetch(request, never));
        expect(failure.code).to.equal("proxy_internal_error");
        await closed;
      });
    }

    it("fails as the body does", async () => {
      const server = await raw("");
      async function* broken() {
        yield Buffer.from("one");
        throw new Failure("client-body-short", "client", "The client left inside its body.");
      }
      const request = { method: "POST", target: "/", fields: Fields.none, body: broken() };
      const failure = await failureOf(upstream(server.url).fetch(request, never));
      expect(failure.code).to.equal("client-body-short");
    });
  });
});
