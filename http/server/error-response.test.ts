import { expect } from "chai";
import { errorResponse, responseText } from "./error-response.ts";

const SENDING = { date: "Sun, 22 Nov 2026 14:00:00 GMT", closes: false, headOnly: false };
const of = (status: number) =>
  errorResponse({ status, error: "http_request_error", text: "why" }, "edge-1", "id-1");

describe("an error that the server answers itself", () => {
  it("says what went wrong to people, to programs, and where to find it in the log", () => {
    expect(responseText(of(400), { ...SENDING, closes: true })).to.equal(
      [
        "HTTP/1.1 400 Bad Request",
        "Content-Type: text/plain; charset=utf-8",
        "Cache-Control: no-store",
        "Proxy-Status: edge-1; error=http_request_error",
        "Content-Length: 36",
        "Date: Sun, 22 Nov 2026 14:00:00 GMT",
        "Connection: close",
        "",
        "400 Bad Request: why\nerror id: id-1\n",
      ].join("\r\n"),
    );
  });

  it("has its length and no content for HEAD", () => {
    const whole = responseText(of(502), SENDING);
    expect(responseText(of(502), { ...SENDING, headOnly: true })).to.equal(
      whole.slice(0, whole.indexOf("\r\n\r\n") + 4),
    );
  });

  it("says when to come back with 503, and what is allowed with 405", () => {
    expect(of(503).fields).to.deep.include(["Retry-After", "1"]);
    expect(of(405).fields).to.deep.include(["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]);
    expect(of(502).fields.map(([name]) => name)).to.not.include.members(["Retry-After", "Allow"]);
  });
});
