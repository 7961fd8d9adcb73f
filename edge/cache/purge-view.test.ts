import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { parsePosition } from "../../purge-log/position.ts";
import { storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { PURGED, type PurgeStanding, TRUSTED } from "../rules/purge-standing.ts";
import type { PurgeState } from "./purge-state.ts";
import { purgeView } from "./purge-view.ts";

describe("the purge position of a request", () => {
  const SOFT: PurgeStanding = { kind: "soft-purged", seconds: 1 };

  /** As far as position 7-2. */
  function purgesThatSay(standing: PurgeStanding): PurgeState {
    return {
      reaches: async ({ epoch, seq }) => epoch === 7 && seq <= 2,
      standing: () => standing,
      trusts: () => standing === TRUSTED,
      mark: () => undefined,
      overtaken: () => false,
      recalled: (mark) => mark,
      sharing: () => "yes",
      removed: () => false,
      hold: () => () => undefined,
      invalidate: () => () => undefined,
    };
  }

  for (const [after, standing, atPosition, kind] of [
    [undefined, TRUSTED, true, "trusted"],
    [undefined, SOFT, true, "soft-purged"],
    ["7-2", TRUSTED, true, "trusted"],
    ["7-2", SOFT, true, "purged"],
    ["7-3", TRUSTED, false, "purged"],
  ] as const) {
    it(`of a ${standing.kind} response that names ${after ?? "no position"} is ${kind}`, async () => {
      const fields = Fields.of(after === undefined ? [] : [["EdgeCache-After", after]]);
      const view = await purgeView(fields, purgesThatSay(standing), true);
      if (typeof view === "string") throw new Error("it is a position, and may be ahead");
      expect(view.atPosition).to.equal(atPosition);
      expect(view.standing(storedResponse("/a")).kind).to.equal(kind);
    });
  }

  it("is nothing for a client that may not be ahead and is", async () => {
    const of = async (after: string) =>
      purgeView(Fields.of([["EdgeCache-After", after]]), purgesThatSay(TRUSTED), false);
    expect(await of("7-3")).to.equal("ahead");
    expect(await of("7-2")).to.deep.include({ atPosition: true });
  });

  it("is nothing when the position cannot be read", async () => {
    for (const text of ["", "7", "7-2, 7-3", "07-2", "x"]) {
      expect(parsePosition(text)).to.equal(undefined);
      expect(await purgeView(Fields.of([["EdgeCache-After", text]]), purgesThatSay(PURGED), true)).to.equal(
        "malformed",
      );
    }
  });
});
