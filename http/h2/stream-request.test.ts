import { expect } from "chai";
import { type FieldList, pseudo } from "../../test/rig/http2-frames.ts";
import { StreamRequests } from "./stream-request.ts";

/** What becomes of a request with these fields, in short. */
function judge(fields: FieldList, endStream = true): string {
  const read = new StreamRequests().read(fields.flat(), endStream);
  if (read.kind === "refused") return `${read.refused.status} ${read.refused.detail}`;
  return read.kind;
}

const withField = (name: string, value: string) => judge([...pseudo(), [name, value]]);
const without = (name: string) => judge(pseudo().filter(([each]) => each !== name));
const replaced = (name: string, value: string) =>
  judge(pseudo().map(([each, old]) => [each, each === name ? value : old] as const));

describe("a request by HTTP/2", () => {
  it("is one of HTTP/1.1 to the rest of the program", () => {
    const fields: FieldList = [...pseudo("/a?b", "HEAD"), ["accept", "*/*"], ["te", "trailers"]];
    const read = new StreamRequests().read(fields.flat(), true);
    if (read.kind !== "request") throw new Error(read.kind);
    const { method, path, host, fields: judged } = read.head;
    expect([method, path, host]).to.deep.equal(["HEAD", "/a?b", "a.example"]);
    expect(judged.raw).to.deep.equal(["host", "a.example", "accept", "*/*", "te", "trailers"]);
    expect([judged.version, judged.persists, judged.framing.kind]).to.deep.equal(["2", true, "none"]);
  });

  it("is reset when its pseudo-fields are nonsense", () => {
    for (const name of [":method", ":scheme", ":path"]) expect(without(name), name).to.equal("malformed");
    for (const fields of [
      [...pseudo(), [":path", "/b"]],
      [...pseudo(), ["x", "y"], [":path", "/b"]],
      [["x", "y"], ...pseudo()],
      [...pseudo(), [":status", "200"]],
      [...pseudo(), [":protocol", "websocket"]],
      [...pseudo(), [":", ""]],
    ] as const)
      expect(judge(fields), JSON.stringify(fields)).to.equal("malformed");
    for (const path of ["", "a", "*", "http://a.example/", "?a"])
      expect(replaced(":path", path)).to.equal("malformed");
    expect([replaced(":scheme", "ftp"), replaced(":scheme", "")]).to.deep.equal(["malformed", "malformed"]);
  });

  describe("for a tunnel (RFC 8441)", () => {
    const connect: FieldList = [...pseudo("/chat?a", "CONNECT"), [":protocol", "WebSocket"]];
    const upgrades = new Set(["websocket"]);
    const read = (fields: FieldList, endStream = false) =>
      new StreamRequests(upgrades).read(fields.flat(), endStream);

    it("is a GET that offers a protocol", () => {
      const asked = read([...connect, ["sec-websocket-version", "13"]]);
      if (asked.kind !== "request") throw new Error(asked.kind);
      const { method, path, host, fields } = asked.head;
      expect([method, path, host, fields.offers]).to.deep.equal([
        "GET",
        "/chat?a",
        "a.example",
        ["websocket"],
      ]);
      expect(fields.raw).to.deep.equal(["host", "a.example", "sec-websocket-version", "13"]);
    });

    it("is reset where it was not offered, and without what every request has", () => {
      expect(judge(connect, false)).to.equal("malformed");
      expect(read(connect, true).kind).to.equal("malformed");
      for (const name of [":scheme", ":path", ":method"])
        expect(read(connect.filter(([each]) => each !== name)).kind, name).to.equal("malformed");
      const ftp = connect.map(([name, value]) => [name, name === ":scheme" ? "ftp" : value] as const);
      expect(read(ftp).kind).to.equal("malformed");
      expect(read([...pseudo(), [":protocol", "websocket"]]).kind).to.equal("malformed");
      expect(read([...connect, ["content-length", "5"]]).kind).to.equal("malformed");
    });

    it("is refused for a protocol that never passes, and CONNECT without one always", () => {
      const refused = (fields: FieldList) => {
        const verdict = read(fields);
        return verdict.kind === "refused" ? verdict.refused.detail : verdict.kind;
      };
      expect(refused([...pseudo("/", "CONNECT"), [":protocol", "connect-udp"]])).to.equal("unknown-protocol");
      expect(refused(pseudo("/", "CONNECT"))).to.equal("method-not-allowed");
    });
  });

  it("is reset when a field could be read in another way behind us", () => {
    for (const name of ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"])
      expect(withField(name, "chunked"), name).to.equal("malformed");
    for (const name of ["Upper", "a b", "a:b", "", "a\r\nx", "a\0", "a\x7f", "\xe9", "a\n"])
      expect(withField(name, "v"), JSON.stringify(name)).to.equal("malformed");
    for (const value of [
      "a\r\nTransfer-Encoding: chunked",
      "a\n",
      "a\r",
      "\0",
      "a\x01b",
      "\x7f",
      " a",
      "a ",
      "\ta",
    ])
      expect(withField("x", value), JSON.stringify(value)).to.equal("malformed");
    expect(withField("te", "gzip")).to.equal("malformed");
    for (const value of ["", "a b", "a\tb", "\xe9"]) expect(withField("x", value)).to.equal("request");
  });

  it("is refused by the rules of HTTP/1.1", () => {
    const refused: readonly (readonly [FieldList, string])[] = [
      [pseudo("/", "PURGE"), "405 method-not-allowed"],
      [
        [
          [":method", "CONNECT"],
          [":authority", "a:1"],
        ],
        "405 method-not-allowed",
      ],
      [pseudo("/", "GET /x HTTP/1.1\r\nX: "), "400 malformed-method"],
      [pseudo("/ HTTP/1.1"), "400 target-character"],
      [pseudo("/\r\nX: y"), "400 target-character"],
      [pseudo("/%0d%0a"), "400 target-control"],
      [pseudo("/#a"), "400 target-fragment"],
      [pseudo("*", "OPTIONS"), "501 asterisk-form"],
      [pseudo(`/${"x".repeat(8_192)}`), "414 target-too-long"],
      [[...pseudo(), ["content-length", "1"], ["content-length", "1"]], "400 two-content-lengths"],
      [[...pseudo(), ["content-length", "+1"]], "400 malformed-content-length"],
      [[...pseudo(), ["expect", "x"]], "417 expectation"],
      [pseudo().filter(([name]) => name !== ":authority"), "400 no-host"],
      [[...pseudo(), ["host", "a.example"], ["host", "a.example"]], "400 two-host-fields"],
      [[...pseudo(), ["host", "b.example"]], "400 host-mismatch"],
      [[...pseudo(), ["host", "a.example:81"]], "400 host-mismatch"],
      [[...pseudo(), ...Array.from({ length: 100 }, () => ["x", "y"] as const)], "431 too-many-fields"],
      [[...pseudo(), ["x", "y".repeat(8_192)]], "431 fields-too-large"],
    ];
    for (const [fields, expected] of refused) expect(judge(fields), expected).to.equal(expected);
    for (const authority of ["a b", "user@a", "a/b", "", "a:99999", "[::1"])
      expect(replaced(":authority", authority), authority).to.equal("400 malformed-host");
  });

  it("names its host by either field, and by both when they agree", () => {
    const fields = pseudo().filter(([name]) => name !== ":authority");
    expect(judge([...fields, ["host", "a.example"]])).to.equal("request");
    expect(judge([...pseudo(), ["host", "A.example"]])).to.equal("request");
  });

  it("has one Cookie, however many pieces it came in", () => {
    const fields: FieldList = [...pseudo(), ["cookie", "a=1"], ["x", "cookie"], ["cookie", "b=2"]];
    const read = new StreamRequests().read(fields.flat(), true);
    if (read.kind !== "request") throw new Error(read.kind);
    expect(read.head.fields.raw).to.deep.equal(["host", "a.example", "cookie", "a=1; b=2", "x", "cookie"]);
  });

  it("is framed by Content-Length or by its end, and never by what it says of chunks", () => {
    const framing = (fields: FieldList, endStream: boolean) => {
      const read = new StreamRequests().read(fields.flat(), endStream);
      return read.kind === "request" ? read.head.fields.framing : read.kind;
    };
    const length = (value: string): FieldList => [...pseudo("/", "POST"), ["content-length", value]];
    expect(framing(pseudo("/", "POST"), false)).to.deep.equal({ kind: "chunked" });
    expect(framing(length("5"), false)).to.deep.equal({ kind: "length", length: 5 });
    expect(framing(length("0"), true)).to.deep.equal({ kind: "length", length: 0 });
    expect(framing(length("5"), true)).to.equal("malformed");
  });

  it("shares what was found out of a list that its client repeats", () => {
    const requests = new StreamRequests();
    const fieldsOf = (fields: FieldList) => {
      const read = requests.read(fields.flat(), true);
      return read.kind === "request" ? read.head.fields : undefined;
    };
    const first = fieldsOf([...pseudo("/a"), ["x", "y"]]);
    expect(fieldsOf([...pseudo("/b", "HEAD"), ["x", "y"]])).to.equal(first);
    expect(fieldsOf([...pseudo("/b"), ["x", "z"]])).not.to.equal(first);
  });
});
