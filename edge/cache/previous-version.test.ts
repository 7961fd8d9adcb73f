import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { memoryStore } from "../../test/rig/memory-store.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { LAPSED, PURGED, type PurgeStanding, TRUSTED } from "../rules/purge-standing.ts";
import { NONE_MATCHED } from "../rules/site/matched-rules.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { previousVersion } from "./previous-version.ts";

const REQUEST = {
  ...requestFor("/a", { "Accept-Encoding": "identity" }),
  matched: { ...NONE_MATCHED, byPrevious: true },
};

describe("the version that a response replaces", () => {
  let store: MemoryStore;
  let standing: PurgeStanding;

  beforeEach(() => {
    store = memoryStore(2 ** 20, new ManualClock());
    standing = TRUSTED;
  });

  function version(given: Parameters<typeof storedResponse>[1] = {}): StoredResponse {
    const selecting = new Map([["accept-encoding", "identity"]]);
    return storedResponse("/a", { selecting, chunks: [Buffer.from("a")], bodyLength: 1, ...given });
  }

  const previousOf = (response: StoredResponse, request = REQUEST): boolean =>
    previousVersion(response, request, { store, purges: { standing: () => standing } }) !== undefined;

  it("is a dictionary for it by rule only", () => {
    expect(previousOf(version())).to.equal(false);
    store.put(version(), REQUEST);
    expect(previousOf(version())).to.equal(true);
    expect(previousOf(version(), { ...REQUEST, matched: NONE_MATCHED })).to.equal(false);
  });

  it("is none when a purge covers it, though the search has not met it, and none without a lease", () => {
    store.put(version(), REQUEST);
    for (const [is, expected] of [
      [PURGED, false],
      [LAPSED, false],
      [{ kind: "soft-purged", seconds: 1 }, true],
    ] as const) {
      standing = is;
      expect(previousOf(version()), is.kind).to.equal(expected);
    }
  });

  it("is none when a later purge could mean it alone", () => {
    store.put(version({ tags: ["a", "b"] }), REQUEST);
    expect(previousOf(version({ tags: ["b"] }))).to.equal(false);
    expect(previousOf(version({ tags: ["b", "a", "c"] }))).to.equal(true);
    store.put(version({ variance: { onlyThese: true, keys: new Set(), ordered: false } }), REQUEST);
    expect(previousOf(version())).to.equal(false);
  });

  it("is none when it is an error, a head, or coded by the origin, and when it is another variant", () => {
    for (const given of [
      { status: 404 },
      { method: "HEAD" },
      { fields: Fields.of([["Content-Encoding", "br"]]) },
      { selecting: new Map([["accept-encoding", "br"]]) },
    ] as const) {
      store.put(version(given), REQUEST);
      expect(previousOf(version()), JSON.stringify(given)).to.equal(false);
    }
  });
});
