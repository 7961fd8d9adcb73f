import { expect } from "chai";
import type { AccessEntry, AccessResult } from "./access-entry.ts";
import { type AccessFormat, accessLines, members } from "./access-line.ts";
import { Omitted } from "./omitted.ts";

const TIME = Date.UTC(2026, 10, 27, 9, 8, 7, 65);
const ENTRY: AccessEntry & AccessResult = {
  requestId: "0123456789abcdef0123456789abcdef",
  target: "/a?token=1&b=2",
  status: 200,
  bytes: 12,
  durationMs: 1234.4,
  firstByteMs: 0.2,
  end: "answered",
  more: ',"outcome":"hit"',
};
const ASKED = {
  client: "192.0.2.7",
  method: "GET",
  scheme: "https",
  host: "a.example",
  protocol: "HTTP/2",
  tls: "TLSv1.3",
  site: "shop",
  referer: "https://a.example/?token=1",
  userAgent: 'Mozilla "5"',
};

function lineOf(format: AccessFormat, omit: readonly string[] = [], asked = {}, entry = {}): string {
  const lines = accessLines(format, new Omitted(omit));
  const all = { ...ENTRY, ...entry };
  const ending = lines.ending(lines.repeated({ ...ASKED, ...asked }), all);
  return lines.begin(ending, all, TIME) + ending.end.text;
}

describe("a line of the access log", () => {
  it("is a JSON object with times in seconds", () => {
    expect(JSON.parse(lineOf("json"))).to.deep.equal({
      time: "2026-11-27T09:08:07.065Z",
      status: 200,
      request_id: ENTRY.requestId,
      target: "/a?token=1&b=2",
      bytes: 12,
      duration: 1.234,
      first_byte: 0,
      end: "answered",
      outcome: "hit",
      method: "GET",
      scheme: "https",
      host: "a.example",
      client: "192.0.2.7",
      protocol: "HTTP/2",
      tls: "TLSv1.3",
      site: "shop",
      referer: "https://a.example/?token=1",
      user_agent: 'Mozilla "5"',
    });
  });

  it("is in the Common Log Format, or in the combined one", () => {
    const common = '192.0.2.7 - - [27/Nov/2026:09:08:07 +0000] "GET /a?token=1&b=2 HTTP/2" 200 12';
    expect(lineOf("common")).to.equal(`${common}\n`);
    expect(lineOf("combined")).to.equal(`${common} "https://a.example/?token=1" "Mozilla \\"5\\""\n`);
  });

  it("has a hyphen in those formats for what is not there or left out", () => {
    const omit = ["client", "referer", "user_agent"];
    expect(lineOf("combined", omit, {}, { bytes: 0 })).to.match(/^- - - .* 200 - "-" "-"\n$/);
    const unread = { method: undefined, protocol: undefined, referer: undefined, userAgent: undefined };
    expect(lineOf("combined", [], unread, { target: undefined, status: 400 })).to.match(
      /\] "-" 400 12 "-" "-"\n$/,
    );
  });

  it("leaves fields and the values of parameters out", () => {
    const all = [
      "time",
      "client",
      "user_agent",
      "request_id",
      "bytes",
      "duration",
      "first_byte",
      "end",
      "query:token",
    ];
    const line = JSON.parse(lineOf("json", all));
    expect(line).to.have.all.keys(
      ...[
        "time",
        "status",
        "target",
        "outcome",
        "method",
        "scheme",
        "host",
        "protocol",
        "tls",
        "site",
        "referer",
      ],
    );
    expect([line.target, line.referer]).to.deep.equal(["/a?token=...&b=2", "https://a.example/?token=..."]);
    expect(members([["outcome", "hit"]], new Omitted(["outcome"]))).to.equal("");
  });

  it("is one line of ASCII below 8 KiB, whatever a client sends", () => {
    const hostile = Array.from({ length: 65_536 / 16 }, (_, n) => String.fromCharCode((n * 7) % 256)).join(
      "",
    );
    const worst = '"'.repeat(70_000);
    for (const text of [hostile, worst])
      for (const format of ["json", "common", "combined"] as const) {
        const asked = {
          method: text.slice(0, 300),
          host: text,
          referer: text,
          userAgent: text,
          client: text,
        };
        const line = lineOf(format, [], asked, { target: text });
        expect(line).to.match(/^[\x20-\x7e]+\n$/);
        expect(line.length).to.be.below(8192);
        if (format === "json") expect(text.startsWith(JSON.parse(line).target.slice(0, -3))).to.equal(true);
      }
    for (const [length, shown] of [
      [4096, 4096],
      [4097, 4099],
    ] as const)
      expect(JSON.parse(lineOf("json", [], {}, { target: "x".repeat(length) })).target).to.have.length(shown);
  });
});
