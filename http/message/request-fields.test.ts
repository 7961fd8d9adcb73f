import { expect } from "chai";
import type { HttpVersion } from "./message-framing.ts";
import { judgeFields, type RequestFields } from "./request-fields.ts";

function fieldsOf(version: HttpVersion, ...raw: readonly string[]): RequestFields {
  const verdict = judgeFields(version, raw);
  if (verdict.kind === "refused") throw new Error(`refused: ${verdict.refused.detail}`);
  return verdict.fields;
}

describe("judgeFields", () => {
  it("says all that the fields mean for the connection", () => {
    const raw = [
      "HOST",
      "A.example:81",
      "Content-Length",
      "2",
      "Connection",
      "close",
      "Expect",
      "100-Continue",
    ];
    const { section, ...rest } = fieldsOf("1.1", ...raw);
    expect(section.get("content-length")).to.equal("2");
    expect(rest).to.deep.equal({
      version: "1.1",
      raw,
      authority: { host: "a.example", port: 81 },
      host: "a.example:81",
      framing: { kind: "length", length: 2 },
      persists: false,
      offers: [],
      expectsContinue: true,
    });
  });

  it("takes a request of HTTP/1.0 without Host, and no expectation with it", () => {
    expect(fieldsOf("1.0", "Expect", "100-continue")).to.include({
      authority: undefined,
      host: undefined,
      persists: false,
      expectsContinue: false,
    });
  });

  it("refuses what it cannot read in one way only, with the status that says whose fault it is", () => {
    const statusOf = (...raw: readonly string[]) => {
      const verdict = judgeFields("1.1", raw);
      return verdict.kind === "refused" ? verdict.refused.status : "taken";
    };
    expect(statusOf()).to.equal(400);
    expect(statusOf("Host", "a", "Host", "a")).to.equal(400);
    expect(statusOf("Host", "a", "Transfer-Encoding", "gzip, chunked")).to.equal(501);
    expect(statusOf("Host", "a", "Transfer-Encoding", "chunked", "Content-Length", "1")).to.equal(400);
    expect(statusOf("Host", "a", "Expect", "100-continue", "Expect", "100-continue")).to.equal(417);
    expect(statusOf("Host", "a", "Expect", "")).to.equal("taken");
  });
});
