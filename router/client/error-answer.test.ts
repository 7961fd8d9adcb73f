import { expect } from "chai";
import { answerText, errorAnswer, redirectAnswer, refusal } from "./error-answer.ts";

const SENDING = { date: "Sun, 22 Nov 2026 14:00:00 GMT", closes: false, headOnly: false };
const of = (status: number) => errorAnswer(refusal(status, "why"), "id-1");

describe("an answer of the router's own", () => {
  it("says what went wrong to people, to programs, and where to find it in the log", () => {
    expect(answerText(of(400), { ...SENDING, closes: true })).to.equal(
      [
        "HTTP/1.1 400 Bad Request",
        "Content-Type: text/plain; charset=utf-8",
        "Cache-Control: no-store",
        "Proxy-Status: edgecache-router; error=http_request_error",
        "Content-Length: 36",
        "Date: Sun, 22 Nov 2026 14:00:00 GMT",
        "Connection: close",
        "",
        "400 Bad Request: why\nerror id: id-1\n",
      ].join("\r\n"),
    );
  });

  it("has its length and no content for HEAD", () => {
    const whole = answerText(of(502), SENDING);
    expect(answerText(of(502), { ...SENDING, headOnly: true })).to.equal(
      whole.slice(0, whole.indexOf("\r\n\r\n") + 4),
    );
  });

  it("says when to come back with 503, and what is allowed with 405", () => {
    expect(of(503).fields).to.contain("Retry-After: 1\r\n");
    expect(of(405).fields).to.contain("Allow: GET, HEAD");
    expect(of(502).fields).to.not.match(/Retry-After|Allow/);
  });

  it("sends a client elsewhere, for this time only", () => {
    const { status, fields } = redirectAnswer("https://cdn.example", "//a?b");
    expect(status).to.equal(307);
    expect(fields)
      .to.contain("Location: https://cdn.example//a?b\r\n")
      .and.to.contain("Cache-Control: no-store\r\n");
  });
});
