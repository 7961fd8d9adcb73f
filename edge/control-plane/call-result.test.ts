import { expect } from "chai";
import { invalidArgument } from "./call-result.ts";

describe("invalidArgument()", () => {
  it("names the field, the rule and the value", () => {
    expect(invalidArgument("wait", "must be 0s to 60s", "61s")).to.deep.equal({
      ok: false,
      code: "invalid-argument",
      message: 'wait: must be 0s to 60s: got "61s"',
    });
  });

  it("shows a value of 100 characters whole, and cuts a longer one", () => {
    const { message } = invalidArgument("url", "must be short", "x".repeat(100));
    expect(message).to.equal(`url: must be short: got "${"x".repeat(100)}"`);
    expect(invalidArgument("url", "must be short", "x".repeat(101)).message).to.equal(
      `url: must be short: got "${"x".repeat(100)}…"`,
    );
  });
});
