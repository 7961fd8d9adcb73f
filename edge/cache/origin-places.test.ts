import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { OriginPlaces } from "./origin-places.ts";

type Release = () => void;

describe("the places at an origin", () => {
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  const placesOf = (originPlaces: number, originPlacesPerClient: number) =>
    new OriginPlaces({ originPlaces, originPlacesPerClient }, clock);

  /** "placed", else the code of the failure. */
  const codeOf = (waiting: Promise<Release>): Promise<string> =>
    waiting.then(
      () => "placed",
      (thrown: unknown) => (thrown instanceof Failure ? thrown.code : String(thrown)),
    );

  const taken = (places: OriginPlaces, client: string | undefined): Release => {
    const release = places.takeNow(client);
    if (release === undefined) throw new Error(`no place for ${client}`);
    return release;
  };

  it("leave room for others when one client has its share", () => {
    const places = placesOf(4, 2);
    taken(places, "a");
    taken(places, "a");
    expect(places.takeNow("a")).to.equal(undefined);
    expect(places.isAtShare("a")).to.equal(true);
    taken(places, "b");
    taken(places, undefined);
    expect(places.takeNow("c")).to.equal(undefined);
    expect(places.isAtShare("c")).to.equal(false);
  });

  it("are kept in part for clients that have few", async () => {
    const places = placesOf(200, 90);
    for (let n = 0; n < 90; n += 1) for (const client of ["a", "b"]) taken(places, client);
    // 180 are the first nine tenths. A hundredth is two.
    expect(places.takeNow("a")).to.equal(undefined);
    const small = [taken(places, "c"), taken(places, "c")];
    expect(places.takeNow("c")).to.equal(undefined);
    const large = places.wait({ client: "a", bytes: 1 });
    const waits = places.wait({ client: "c", bytes: 1 });
    small[0]?.();
    expect(await codeOf(waits)).to.equal("placed");
    clock.advance(10_000);
    expect(await codeOf(large)).to.equal("client-places");
  });

  it("are given back once each", () => {
    const places = placesOf(1, 1);
    const release = taken(places, "a");
    release();
    release();
    taken(places, "b");
    expect(places.takeNow("a")).to.equal(undefined);
  });

  it("go to the clients in turn, and in a client's own order", async () => {
    const places = placesOf(2, 2);
    const first = [taken(places, "a"), taken(places, "a")];
    const begun: string[] = [];
    const releases: Release[] = [];
    for (const [client, name] of [
      ["a", "a1"],
      ["a", "a2"],
      ["b", "b1"],
      ["b", "b2"],
    ] as const) {
      void places.wait({ client, bytes: 10 }).then((release) => {
        begun.push(name);
        releases.push(release);
      });
    }
    for (const release of first) release();
    await turn();
    for (const release of releases.splice(0)) release();
    await turn();
    expect(begun).to.have.members(["a1", "b1", "a2", "b2"]);
    expect(begun.slice(0, 2)).to.have.members(["a1", "b1"]);
    for (const release of releases) release();
    expect([places.taken, places.waiting]).to.deep.equal([0, 0]);
  });

  it("are waited for by 250 requests of a client, and by 1,000 of all", async () => {
    const places = placesOf(1, 1);
    const release = taken(places, "x");
    const waiting = ["a", "b", "c", "d"].map((client) =>
      Array.from({ length: 250 }, () => codeOf(places.wait({ client, bytes: 10 }))),
    );
    expect(places.waiting).to.equal(1_000);
    expect(await codeOf(places.wait({ client: "e", bytes: 10 }))).to.equal("origin-places");
    clock.advance(10_000);
    await Promise.all(waiting.flat());
    const own = Array.from({ length: 250 }, () => codeOf(places.wait({ client: "x", bytes: 10 })));
    expect(await codeOf(places.wait({ client: "x", bytes: 10 }))).to.equal("client-places");
    expect(places.waiting).to.equal(250);
    clock.advance(10_000);
    expect(new Set(await Promise.all(own))).to.deep.equal(new Set(["client-places"]));
    release();
    expect([places.taken, places.waiting]).to.deep.equal([0, 0]);
  });

  it("are waited for by 2 MiB of a client, and not by a byte more", async () => {
    const places = placesOf(1, 1);
    const release = taken(places, "x");
    const waiting = codeOf(places.wait({ client: "a", bytes: 2 ** 21 }));
    expect(await codeOf(places.wait({ client: "a", bytes: 1 }))).to.equal("origin-places");
    expect(places.waiting).to.equal(1);
    release();
    expect(await waiting).to.equal("placed");
  });

  it("are waited for during ten seconds", async () => {
    const places = placesOf(1, 1);
    const release = taken(places, "x");
    const late = codeOf(places.wait({ client: "a", bytes: 1 }));
    clock.advance(1);
    const inTime = codeOf(places.wait({ client: "a", bytes: 1 }));
    clock.advance(9_999);
    expect(await late).to.equal("origin-places");
    release();
    expect(await inTime).to.equal("placed");
  });

  it("are not taken by a client that has left, be it before it waits or while", async () => {
    const places = placesOf(1, 1);
    const release = taken(places, "x");
    expect(await codeOf(places.wait({ client: "a", bytes: 1 }, AbortSignal.abort()))).to.equal("client-left");
    const leaving = new AbortController();
    const waiting = codeOf(places.wait({ client: "a", bytes: 1 }, leaving.signal));
    leaving.abort();
    expect(await waiting).to.equal("client-left");
    release();
    expect([places.taken, places.waiting]).to.deep.equal([0, 0]);
  });
});
