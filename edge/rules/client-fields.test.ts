import { expect } from "chai";
import { fieldsOf } from "../../test/rig/message.fixture.ts";
import { clientFields } from "./client-fields.ts";

describe("clientFields", () => {
  it("leaves out what was for the connection and what was for the surrogate", () => {
    const fields = fieldsOf(
      "Connection: a",
      "A: 1",
      "surrogate-control: max-age=5",
      "CDN-Cache-Control: max-age=5",
      "B: 1",
    );
    expect([...clientFields(fields).names()]).to.deep.equal(["cdn-cache-control", "b"]);
  });
});
