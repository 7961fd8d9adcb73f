import { expect } from "chai";
import fc from "fast-check";
import { FrameReader } from "../../http/h2/frame-reader.ts";
import { ConnectionFault } from "../../http/h2/frames.ts";
import { HpackDecoder } from "../../http/h2/hpack-decoder.ts";
import { HpackEncoder } from "../../http/h2/hpack-encoder.ts";
import { StreamRequests } from "../../http/h2/stream-request.ts";
import { RequestHeads } from "../../http/message/request-head.ts";
import { cuts, pieces } from "../rig/arrival.ts";
import { block, frame, pseudo } from "../rig/http2-frames.ts";
import { hostileText } from "./hostile-text.ts";
import { type FuzzTarget, target } from "./target.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const BLOCKS = [
  "828684418cf1e3c2e5f23a6ba0ab90f4ff",
  "828684be5886a8eb10649cbf",
  "3fe11f828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
  block(pseudo()).toString("hex"),
].map((hex) => Buffer.from(hex, "hex").toString("latin1"));
const MOST = 65_536;

/** What a connection gets from bytes that arrive in these pieces. */
function framesIn(bytes: Buffer, cutAt: readonly number[]): string[] {
  const reader = new FrameReader();
  const seen: string[] = [];
  try {
    for (const piece of pieces(bytes, cutAt)) {
      const borrowed = Buffer.from(piece);
      reader.add(borrowed, true);
      for (let each = reader.next(); each !== undefined; each = reader.next()) {
        const { type, flags, stream, at, end } = each;
        seen.push([type, flags, stream, each.bytes.toString("hex", at, end)].join(" "));
      }
      reader.own();
      borrowed.fill("#");
    }
  } catch (thrown) {
    if (!(thrown instanceof ConnectionFault)) throw thrown;
    seen.push(`fault ${thrown.code}`);
  }
  return seen;
}

const anyFrame = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(2 ** 31 - 1), fc.uint8Array({ maxLength: 60 }))
  .map((parts) => frame(...parts));

const field = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      ":method",
      ":path",
      ":scheme",
      ":authority",
      "host",
      "cookie",
      "te",
      "content-length",
      "expect",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 10 }),
  ),
  fc.oneof(
    fc.constantFrom("GET", "POST", "/", "/a?b", "http", "a.example", "a:80", "trailers", "0", "5"),
    fc.string({ unit: "binary-ascii", maxLength: 20 }),
  ),
);

/** Readers of what clients send by HTTP/2. */
export const http2Targets: readonly FuzzTarget[] = [
  target(
    "frames of HTTP/2",
    fc.tuple(fc.array(anyFrame, { maxLength: 6 }), fc.nat(40), cuts),
    ([all, less, cutAt]) => {
      const bytes = Buffer.concat([PREFACE, ...all]);
      const part = bytes.subarray(0, Math.max(0, bytes.length - less));
      expect(framesIn(part, cutAt)).to.deep.equal(framesIn(part, []));
    },
  ),
  target("header blocks of HTTP/2", fc.array(hostileText(BLOCKS), { maxLength: 4 }), (texts) => {
    const decoder = new HpackDecoder(MOST);
    for (const text of texts) {
      const bytes = Buffer.from(text, "latin1");
      const decoded = decoder.decode(bytes, 0, bytes.length);
      if (decoded.kind !== "fields") return;
      expect(decoded.raw.join("").length).to.be.at.most(MOST);
    }
  }),
  target(
    "requests by HTTP/2, which are the same by HTTP/1.1",
    fc.tuple(fc.array(field, { maxLength: 8 }), fc.boolean()),
    ([more, usual]) => {
      const fields = usual ? [...pseudo(), ...more] : more;
      const read = new StreamRequests().read(fields.flat(), true);
      if (read.kind !== "request") return;
      const { method, path, host, fields: judged } = read.head;
      const lines = judged.raw.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
      const text = `${method} ${path} HTTP/1.1\r\n${lines}\r\n`;
      const again = new RequestHeads().read(Buffer.from(text, "latin1"));
      if (again.kind !== "head") throw new Error(`HTTP/1.1 reads ${again.kind} from ${JSON.stringify(text)}`);
      const { head } = again;
      expect([head.method, head.path, head.host, again.end]).to.deep.equal([method, path, host, text.length]);
      expect([head.fields.raw, head.fields.framing]).to.deep.equal([judged.raw, judged.framing]);
    },
  ),
  target("requests for tunnels by HTTP/2", fc.array(field, { maxLength: 8 }), (more) => {
    const connect = [...pseudo("/a", "CONNECT"), [":protocol", "websocket"], ...more];
    const read = new StreamRequests(new Set(["websocket"])).read(connect.flat(), false);
    if (read.kind !== "request") return;
    const { method, fields } = read.head;
    expect([method, fields.offers, fields.framing.kind]).to.deep.equal(["GET", ["websocket"], "none"]);
    expect(
      fields.raw.some((text, i) => i % 2 === 0 && (text.startsWith(":") || text === "content-length")),
    ).to.equal(false);
  }),
  target(
    "heads of answers by HTTP/2",
    fc.array(fc.tuple(fc.stringMatching(/^[a-zA-Z-]{1,20}$/), fc.string())),
    (all) => {
      const lines = all.map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, "")] as const);
      const head = `HTTP/1.1 200 OK\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
      const bytes = new HpackEncoder().encode(head);
      const decoded = new HpackDecoder(2 ** 20).decode(bytes, 0, bytes.length);
      const own = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);
      const kept = lines.filter(([name]) => !own.has(name.toLowerCase()));
      const expected = [":status", "200", ...kept.flatMap(([name, value]) => [name.toLowerCase(), value])];
      expect(decoded).to.deep.equal({ kind: "fields", raw: expected });
    },
  ),
];
