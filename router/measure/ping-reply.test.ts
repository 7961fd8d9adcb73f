import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import type { PingResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { readPingReply } from "./ping-reply.ts";

const reply: PingResponse = {
  edge: "edge-1",
  bootId: "5f0c",
  state: "lapsed",
  position: "7-12",
  leaseLeftMs: 0,
  inFlight: 3,
  eventLoopDelayMs: 1.5,
  host: "127.0.0.1",
  httpPort: 8081,
  publicUrl: "",
  version: "1.0.0",
  config: "0123456789abcdef",
  originsUnreachable: 0,
};

describe("readPingReply", () => {
  it("returns what a proper reply says", () => {
    const { originsUnreachable: _origins, ...read } = reply;
    expect(readPingReply(reply)).to.deep.equal({
      ...read,
      position: { epoch: 7, seq: 12 },
      publicUrl: undefined,
    });
    expect(readPingReply({ ...reply, publicUrl: "https://e.example/cdn" }).publicUrl).to.equal(
      "https://e.example/cdn",
    );
  });

  it("leaves out a version and a digest that are none, because the edge still serves", () => {
    for (const text of ["", "a b", "x".repeat(65), "a\r\n"])
      expect(readPingReply({ ...reply, version: text, config: text })).to.include({
        version: "",
        config: "",
      });
  });

  const wrong: Partial<Record<keyof PingResponse, unknown[]>> = {
    edge: ["", 'a"b', "a\r\nX: y", "é", "x".repeat(65)],
    bootId: ["", "a b", "x".repeat(129)],
    state: ["", "Serving", "unreachable"],
    position: ["", "7", "-1-2", "7-12 "],
    leaseLeftMs: [-1, Number.NaN, Number.POSITIVE_INFINITY],
    eventLoopDelayMs: [-1, Number.NaN],
    host: ["", "a b", "http://a"],
    httpPort: [0, 65_536],
    publicUrl: ["ftp://a", "https://a/", "https://", "https://a\r\n", "https://a b"],
  };
  for (const [field, values] of Object.entries(wrong)) {
    it(`refuses a reply with a bad ${field}`, () => {
      for (const value of values) {
        expect(() => readPingReply({ ...reply, [field]: value }), String(value)).to.throw(
          Failure,
          /^Ping reply: /,
        );
      }
    });
  }
});
