import { expect } from "chai";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { withWhatIsStored } from "./fill-aim.ts";

const REQUEST = requestFor("/page");

describe("the aim of a fill that begins", () => {
  const begun = (first: ReturnType<typeof storedResponse>, ...later: (typeof first)[]) => {
    const store = memoryStore(1_000_000);
    for (const stored of later) store.put(stored, REQUEST);
    return withWhatIsStored({ kind: "whole", validating: first }, REQUEST, store);
  };

  it("is to validate what is still stored", () => {
    const stored = storedResponse("/page");
    expect(begun(stored, stored)).to.deep.equal({ kind: "whole", validating: stored });
  });

  it("is to validate what has taken its place", () => {
    const later = storedResponse("/page", { chunks: [Buffer.from("later")], bodyLength: 5 });
    const aim = begun(storedResponse("/page"), later);
    const validating = aim.kind === "whole" ? aim.validating : undefined;
    expect(validating?.chunks.map(String)).to.deep.equal(["later"]);
  });

  it("is the whole response when nothing of it is stored, or a part only", () => {
    const part = storedResponse("/page", { status: 206 });
    expect(begun(storedResponse("/page"))).to.deep.equal({ kind: "whole", validating: undefined });
    expect(begun(part, storedResponse("/page", { status: 206 }))).to.include({ validating: undefined });
  });
});
