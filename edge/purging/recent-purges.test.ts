import { expect } from "chai";
import type { Purgeable } from "../store/purge-match.ts";
import { RecentPurges } from "./recent-purges.ts";

const at = (seq: number) => ({ epoch: 1, seq });
const page: Purgeable = { site: "default", target: "/page?x=1", tags: ["news"], variance: undefined };

describe("the recent purges", () => {
  it("cover a fill that began before them, and not one that began after them", () => {
    const recent = new RecentPurges(10);
    recent.add(at(5), [{ kind: "url", target: "/page" }]);
    expect(recent.coveredSince(at(4), page)).to.equal(true);
    expect(recent.coveredSince(at(5), page)).to.equal(false);
  });

  it("cover by tag whatever has not told its tags yet", () => {
    const recent = new RecentPurges(10);
    recent.add(at(1), [{ kind: "tag", tag: "sport" }]);
    expect(recent.coveredSince(at(0), page)).to.equal(false);
    expect(recent.coveredSince(at(0), { ...page, tags: "unknown" })).to.equal(true);
  });

  it("cover everything that began before what they have forgotten", () => {
    const recent = new RecentPurges(2);
    for (const seq of [1, 2, 3]) recent.add(at(seq), [{ kind: "url", target: "/other" }]);
    expect(recent.coveredSince(at(0), page)).to.equal(true);
    expect(recent.coveredSince(at(1), page)).to.equal(false);
  });
});
