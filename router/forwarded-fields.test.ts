import { expect } from "chai";
import { requestFields, responseFields } from "./forwarded-fields.ts";

const client = { address: "192.0.2.7", host: "www.example", httpVersion: "1.1" };
const added = [
  ["X-Forwarded-For", "192.0.2.7"],
  ["X-Forwarded-Proto", "http"],
  ["X-Forwarded-Host", "www.example"],
  ["Via", "1.1 edgecache-router"],
];

const relayed = { edge: "edge-1", firstByteMs: 12.345, rttMs: 5.06 };
const addedToResponse = [
  ["Via", "1.1 edgecache-router"],
  ["X-Served-By", "edge-1"],
  ["Server-Timing", 'router;dur=12.3, rtt;dur=5.1;desc="edge-1"'],
];

const pairs = (raw: readonly string[]) =>
  Array.from({ length: raw.length / 2 }, (_, at) => raw.slice(2 * at, 2 * at + 2));
const toEdge = (...lines: readonly string[][]) => pairs(requestFields(lines.flat(), client));
const toClient = (...lines: readonly string[][]) => pairs(responseFields(lines.flat(), relayed));

describe("the fields of a forwarded request", () => {
  it("keep their order, case and duplicates, Host among them", () => {
    const lines = [
      ["Host", "www.example"],
      ["X-A", "1"],
      ["accept", "*/*"],
      ["x-a", "2"],
    ];
    expect(toEdge(...lines)).to.deep.equal([...lines, ...added]);
  });

  it("lose what is for the client's connection only, and what Connection names", () => {
    const lines = [
      ["Connection", "keep-alive, X-Secret"],
      ["Keep-Alive", "timeout=5"],
      ["Upgrade", "h2c"],
      ["TE", "trailers"],
      ["Transfer-Encoding", "chunked"],
      ["Proxy-Authorization", "Basic eA=="],
      ["x-secret", "1"],
      ["Expect", "100-continue"],
    ];
    expect(toEdge(...lines)).to.deep.equal(added);
  });

  it("keep Host and Content-Length even when Connection names them", () => {
    const lines = [
      ["Host", "a"],
      ["Content-Length", "3"],
    ];
    expect(toEdge(["Connection", "host, content-length"], ...lines)).to.deep.equal([...lines, ...added]);
  });

  it("lose what a client could forge about itself", () => {
    const names = [
      "Forwarded",
      "X-Forwarded-For",
      "x-forwarded-host",
      "X-Forwarded-Prefix",
      "X-Real-IP",
      "X-Original-URL",
      "X-HTTP-Method-Override",
    ];
    expect(toEdge(...names.map((name) => [name, "evil"]))).to.deep.equal(added);
  });

  it("add to a Via that is there", () => {
    const via = ["Via", "1.0 fred"];
    expect(toEdge(via)).to.deep.equal([via, ...added]);
  });

  it("take a field named __proto__ for a field like any other", () => {
    const line = ["__proto__", "1"];
    expect(toEdge(line)).to.deep.equal([line, ...added]);
  });
});

describe("the fields of a relayed response", () => {
  it("keep what the edge said of the cache, and say who served it and how fast", () => {
    const lines = [
      ["Cache-Status", "edge-1; hit; ttl=5"],
      ["X-Cache", "HIT"],
      ["Age", "3"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["Server-Timing", "origin;dur=1"],
    ];
    expect(toClient(...lines)).to.deep.equal([...lines, ...addedToResponse]);
  });

  it("lose what is for the edge's connection only, and another's X-Served-By", () => {
    const lines = [
      ["Connection", "close, X-Hop"],
      ["x-hop", "1"],
      ["Keep-Alive", "timeout=5"],
      ["Transfer-Encoding", "chunked"],
      ["Trailer", "X-T"],
      ["x-served-by", "someone"],
    ];
    expect(toClient(...lines)).to.deep.equal(addedToResponse);
  });
});
