import { expect } from "chai";
import { recordedRequests } from "./recorded-requests.ts";

const entry = (url: string, status = 200, more: object = {}) => ({
  startedDateTime: "2026-01-01T00:00:00.000Z",
  request: {
    method: "GET",
    url,
    headers: [
      { name: ":authority", value: "x" },
      { name: "Accept", value: "*/*" },
    ],
  },
  response: { status, headers: [{ name: "Cache-Control", value: "max-age=60" }], content: { size: 7 } },
  ...more,
});
const har = (...entries: object[]) => JSON.stringify({ log: { entries } });

describe("a record of requests", () => {
  it("is read from a HAR file, without what was no request by HTTP", () => {
    const { requests, skipped } = recordedRequests(
      har(
        entry("https://shop.example:8443/a?b=1#c"),
        entry("data:text/plain,x"),
        entry("https://shop.example/blocked", 0),
        { startedDateTime: 1 },
      ),
    );
    expect(skipped).to.equal(3);
    const [{ fields, responseFields, ...request } = { fields: undefined, responseFields: undefined }] =
      requests;
    expect(request).to.deep.equal({
      at: Date.UTC(2026, 0, 1),
      method: "GET",
      authority: "shop.example:8443",
      target: "/a?b=1",
      status: 200,
      bytes: 7,
    });
    expect([fields?.get("Accept"), responseFields?.get("Cache-Control")]).to.deep.equal([
      "*/*",
      "max-age=60",
    ]);
  });

  it("is read from lines in the common and the combined format, in order of time", () => {
    const { requests, skipped } = recordedRequests(
      [
        '1.2.3.4 - - [10/Oct/2026:13:55:36 +0200] "GET /b HTTP/1.1" 200 - "-" "agent"',
        '1.2.3.4 - ann [10/Oct/2026:13:55:35 +0200] "HEAD /a?x=1 HTTP/1.1" 304 12',
        '1.2.3.4 - - [10/Oct/2026:13:55:35 +0200] "\\x16\\x03" 400 0',
        "nonsense",
        "",
      ].join("\n"),
    );
    expect(skipped).to.equal(2);
    expect(
      requests.map(({ at, method, target, status, bytes }) => [at, method, target, status, bytes]),
    ).to.deep.equal([
      [Date.UTC(2026, 9, 10, 11, 55, 35), "HEAD", "/a?x=1", 304, 12],
      [Date.UTC(2026, 9, 10, 11, 55, 36), "GET", "/b", 200, 0],
    ]);
  });

  it("is read from lines in JSON, with times in seconds, milliseconds or words", () => {
    const line = (time: number | string, more: object) =>
      JSON.stringify({ time, method: "GET", status: 200, bytes: 1, ...more });
    const { requests } = recordedRequests(
      [
        line(1_790_000_000, { host: "a.example", target: "/1" }),
        line(1_790_000_001_000, { url: "https://b.example/2?c" }),
        line("2026-09-21T13:33:22Z", { host: "c.example", url: "/3" }),
      ].join("\n"),
    );
    expect(requests.map(({ at, authority, target }) => `${at} ${authority}${target}`)).to.deep.equal([
      "1789997602000 c.example/3",
      "1790000000000 a.example/1",
      "1790000001000 b.example/2?c",
    ]);
  });

  it("is refused when nothing in it is a request", () => {
    for (const text of ["", "{}", "hello\nworld", '{"log":{"entries":[]}}'])
      expect(() => recordedRequests(text), text).to.throw("--from: must be a HAR file, or an access log");
  });
});
