import { expect } from "chai";
import { get, type Reply } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { purge } from "../rig/purge.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

const DIGITS = "0123456789";

describe("partial content", () => {
  let origin: HttpOrigin;
  let edge: TestEdge;
  let etag: string;

  beforeEach(async () => {
    etag = '"v1"';
    origin = await HttpOrigin.start();
    edge = await startTestEdge(origin.url);
    origin.answer("/d", (request) => {
      const fields: [string, string][] = [
        ["Cache-Control", "max-age=60"],
        ["ETag", etag],
        ["Content-Type", "text/plain"],
      ];
      const asked = /^bytes=(\d+)-(\d*)$/.exec(request.header("range") ?? "");
      const condition = request.header("if-range");
      if (asked === null || (condition !== undefined && condition !== etag)) return { fields, body: DIGITS };
      const first = Number(asked[1]);
      const last = asked[2] === "" ? 9 : Number(asked[2]);
      fields.push(["Content-Range", `bytes ${first}-${last}/10`]);
      return { status: 206, fields, body: DIGITS.slice(first, last + 1) };
    });
  });

  afterEach(async () => {
    await edge.stop();
    await origin.stop();
  });

  const range = (value: string): Promise<Reply> => get(edge.url, "/d", { headers: { Range: value } });
  const seen = (reply: Reply) => [
    reply.status,
    reply.text,
    reply.header("content-range"),
    reply.header("x-cache"),
  ];

  it("is stored, and a smaller range is served from it", async () => {
    expect(seen(await range("bytes=2-7"))).to.deep.equal([206, "234567", "bytes 2-7/10", "MISS"]);
    expect(seen(await range("bytes=3-5"))).to.deep.equal([206, "345", "bytes 3-5/10", "HIT"]);
    expect(origin.count("/d")).to.equal(1);
  });

  it("is not enough for more than it holds", async () => {
    await range("bytes=2-7");
    expect(seen(await range("bytes=6-8"))).to.deep.equal([206, "678", "bytes 6-8/10", "MISS"]);
    expect(origin.count("/d")).to.equal(2);
  });

  it("is combined with an adjacent part of the same strong ETag", async () => {
    await range("bytes=0-3");
    await range("bytes=4-9");
    expect(seen(await get(edge.url, "/d"))).to.deep.equal([200, DIGITS, undefined, "HIT"]);
    expect(origin.count("/d")).to.equal(2);
  });

  it("is never combined with a part of another version", async () => {
    await range("bytes=0-3");
    etag = '"v2"';
    await range("bytes=4-9");
    expect(seen(await range("bytes=0-1"))).to.deep.equal([206, "01", "bytes 0-1/10", "MISS"]);
  });

  it("is completed when the whole is asked for, by asking the origin for the rest only", async () => {
    await range("bytes=0-6");
    const whole = await get(edge.url, "/d");
    expect(seen(whole)).to.deep.equal([200, DIGITS, undefined, "MISS"]);
    expect(whole.header("content-length")).to.equal("10");
    const asked = origin.requests("/d").at(-1);
    expect([asked?.header("range"), asked?.header("if-range")]).to.deep.equal(["bytes=7-", '"v1"']);
    expect((await get(edge.url, "/d")).header("x-cache")).to.equal("HIT");
  });

  it("is replaced by the whole when the origin has a new version", async () => {
    await range("bytes=0-6");
    etag = '"v2"';
    const whole = await get(edge.url, "/d");
    expect([whole.text, whole.header("etag")]).to.deep.equal([DIGITS, '"v2"']);
  });

  it("does not come back after a purge as a part of something newer", async () => {
    await range("bytes=0-3");
    await purge(edge.control, { $case: "url", url: "/d" }, { soft: true });
    await range("bytes=4-9");
    expect((await get(edge.url, "/d")).header("x-cache")).to.equal("MISS");
  });

  it("is given as multipart/byteranges when several ranges of a stored response are asked for", async () => {
    await get(edge.url, "/d");
    const reply = await range("bytes=0-1,-2");
    const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(
      reply.header("content-type") ?? "",
    )?.[1];
    expect(reply.status).to.equal(206);
    expect(reply.header("content-length")).to.equal(String(reply.body.byteLength));
    expect(reply.text).to.equal(
      `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01` +
        `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89` +
        `\r\n--${boundary}--\r\n`,
    );
  });

  it("is not passed on when it is excessive: the whole is fetched once, for everybody", async () => {
    const many = `bytes=${Array.from({ length: 1_200 }, () => "0-").join()}`;
    for (const value of [many, "bytes=0-5,5-9", many]) {
      const reply = await range(value);
      expect([reply.status, reply.text]).to.deep.equal([200, DIGITS]);
    }
    expect(origin.requests("/d").map((request) => request.header("range"))).to.deep.equal([undefined]);
    const unstored = await get(edge.url, "/d", { headers: { Range: many, "Cache-Control": "no-store" } });
    expect(unstored.status).to.equal(200);
    expect(origin.requests("/d").every((request) => request.header("range") === undefined)).to.equal(true);
  });
});
