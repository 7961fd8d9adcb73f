import { expect } from "chai";
import { ManualClock } from "../../../test/rig/manual-clock.ts";
import { DiskHealth, REST_MS, troubleOf } from "./disk-health.ts";

describe("the health of a disk", () => {
  it("names what is wrong by the code of the system", () => {
    const kindOf = (code: string) => troubleOf(Object.assign(new Error(code), { code })).kind;
    expect(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO"].map(kindOf)).to.deep.equal([
      "full",
      "full",
      "read-only",
      "forbidden",
      "forbidden",
      "failing",
    ]);
    expect(troubleOf(new Error("torn"))).to.deep.equal({ kind: "failing", cause: "torn" });
  });

  it("is bad until a call goes well, and rests meanwhile only where it has to", () => {
    const clock = new ManualClock();
    const health = new DiskHealth(clock);
    const trouble = { kind: "full", cause: "ENOSPC" } as const;
    health.failed(trouble, "go on");
    expect([health.rests, health.trouble, health.errors]).to.deep.equal([false, trouble, 1]);
    health.failed(trouble, "rest");
    clock.advance(REST_MS - 1);
    expect(health.rests).to.equal(true);
    clock.advance(1);
    expect([health.rests, health.trouble]).to.deep.equal([false, trouble]);
    health.went();
    expect([health.trouble, health.errors]).to.deep.equal([undefined, 2]);
  });
});
