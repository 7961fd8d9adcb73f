import { expect } from "chai";
import { fieldsOf, get } from "../../test/rig/message.fixture.ts";
import { invalidatedGroups } from "./cache-groups.ts";

const groups = (method: string, value: string): readonly string[] =>
  invalidatedGroups(
    { ...get(), method },
    { status: 200, fields: fieldsOf(`Cache-Group-Invalidation: ${value}`) },
  );

describe("invalidatedGroups", () => {
  it("are the members of the field, each once, for an unsafe method", () => {
    expect(groups("POST", '"a", "B c";x=1, "a"')).to.deep.equal(["a", "B c"]);
    expect(groups("M-SEARCH", '"a"')).to.deep.equal(["a"]);
  });

  it("are none for a safe method", () => {
    for (const method of ["GET", "HEAD", "OPTIONS"]) expect(groups(method, '"a"')).to.deep.equal([]);
  });

  it("are none when the field is malformed, empty or absent", () => {
    for (const value of ["a", '"a', "1", ""]) expect(groups("POST", value)).to.deep.equal([]);
    expect(
      invalidatedGroups({ ...get(), method: "POST" }, { status: 200, fields: fieldsOf() }),
    ).to.deep.equal([]);
  });
});
