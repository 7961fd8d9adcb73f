import { expect } from "chai";
import { describeError, Failure } from "./failure.ts";

describe("an error in one line", () => {
  it("has its message and its causes, each once", () => {
    const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");
    const told = new Failure("connection_refused", "origin", `GET / failed: ${refused.message}`, refused);
    expect(describeError(told)).to.equal("GET / failed: connect ECONNREFUSED 127.0.0.1:1");
    const untold = new Failure("unreachable", "origin", "no origin answers", told);
    expect(describeError(untold)).to.equal(
      "no origin answers: GET / failed: connect ECONNREFUSED 127.0.0.1:1",
    );
  });

  it("is the name of an error without a message, and whatever else was thrown as text", () => {
    expect(describeError(new TypeError())).to.equal("TypeError");
    expect(describeError("thrown")).to.equal("thrown");
  });
});
