import { existsSync } from "node:fs";
import { expect } from "chai";
import type { Choices, Lesson } from "./lesson.ts";
import { LESSONS } from "./lessons.ts";

function lessonOf(id: string): Lesson {
  const lesson = LESSONS.find((each) => each.id === id);
  if (lesson === undefined) throw new Error(`there is no lesson ${id}`);
  return lesson;
}

/** Of one run: what its figures say, by name, and whether something happens in it that never should. */
async function shown(
  id: string,
  choices: Choices,
  seed = 1,
): Promise<{ readonly figures: Readonly<Record<string, string>>; readonly isWrong: boolean }> {
  const { events, figures } = await lessonOf(id).run(seed, choices);
  return {
    figures: Object.fromEntries(figures.map(({ name, value }) => [name, value])),
    isWrong: events.some((event) => event.kind === "note" && event.wrong),
  };
}

/** All choices of the first variable, with the usual ones of the others. */
function choicesOf({ variables }: Lesson): readonly Choices[] {
  const usual = Object.fromEntries(variables.map(({ name, choices }) => [name, choices[0].value]));
  const [variable] = variables;
  return variable.choices.map(({ value }) => ({ ...usual, [variable.name]: value }));
}

describe("the lessons", () => {
  for (const lesson of LESSONS) {
    it(`give the same run for the same seed: ${lesson.id}`, async () => {
      for (const choices of choicesOf(lesson))
        expect(await lesson.run(7, choices)).to.deep.equal(await lesson.run(7, choices));
    });
    it(`have every event at a place of theirs, in order, before the end: ${lesson.id}`, async () => {
      for (const choices of choicesOf(lesson)) {
        const { events, places, endsAt } = await lesson.run(3, choices);
        const known = places.map(({ id }) => id);
        const times = events.map(({ at }) => at);
        expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
        expect(times.at(-1)).to.be.at.most(endsAt);
        for (const event of events) {
          if (event.kind === "message") expect(known).to.include.members([event.from, event.to]);
          if (event.kind === "shows") expect(known).to.include(event.place);
        }
      }
    });
    it(`name files that are there: ${lesson.id}`, () => {
      for (const file of lesson.files) expect(existsSync(file), file).to.equal(true);
    });
  }
  it("has a lesson for each id once", () => {
    expect(new Set(LESSONS.map(({ id }) => id)).size).to.equal(LESSONS.length);
  });
});

describe("the lesson about a purge that races a fill", () => {
  for (const seed of [1, 2, 3]) {
    it(`serves the new version with the fence, and the old one without it: seed ${seed}`, async () => {
      const fenced = await shown("purge-races-a-fill", { fence: "on" }, seed);
      expect(fenced.isWrong).to.equal(false);
      expect(fenced.figures["The second reader gets"]).to.equal("version 2");
      expect(fenced.figures["Its Cache-Status"]).to.match(/fwd=uri-miss; .*stored/);
      const open = await shown("purge-races-a-fill", { fence: "off" }, seed);
      expect(open.isWrong).to.equal(true);
      expect(open.figures["The second reader gets"]).to.equal("version 1");
      expect(open.figures["Its Cache-Status"]).to.match(/; hit; ttl=/);
    });
  }
});

describe("the other lessons", () => {
  it("what a CDN is: the second page takes the way to the edge only, and without it the whole way again", async () => {
    const near = (await shown("what-a-cdn-is", { name: "edge" })).figures;
    const far = (await shown("what-a-cdn-is", { name: "origin" })).figures;
    expect(near["Second page"]).to.equal("70 ms");
    expect(near["Requests at the origin"]).to.equal("1");
    expect(far["Second page"]).to.equal(far["First page"]);
    expect(far["Requests at the origin"]).to.equal("2");
  });

  it("cache key: each query is a key of its own, unless a rule leaves it out", async () => {
    expect((await shown("cache-key", { query: "kept" })).figures["Copies of the same page"]).to.equal("3");
    const { figures } = await shown("cache-key", { query: "ignored" });
    expect(figures["Copies of the same page"]).to.equal("1");
    expect(figures["Requests at the origin"]).to.equal("1");
  });

  it("freshness: the longer it lasts, the fewer requests reach the origin, and the later a change is seen", async () => {
    const [none, short, long] = await Promise.all(
      ["0", "2", "5"].map(async (lifetime) => (await shown("freshness", { lifetime })).figures),
    );
    expect(none).to.include({ "Requests at the origin": "8", "Old version last served": "never" });
    expect(short).to.include({
      "Requests at the origin": "4",
      "Old version last served": "0.5 s after the change",
    });
    expect(long).to.include({
      "Requests at the origin": "2",
      "Old version last served": "3.5 s after the change",
    });
  });

  it("validation: with an ETag only what has changed travels", async () => {
    const name = "Bodies sent by the origin";
    expect((await shown("validation", { validator: "etag" })).figures[name]).to.match(/^2,/);
    expect((await shown("validation", { validator: "none" })).figures[name]).to.match(/^5,/);
  });

  it("Vary: with it nobody gets another's language, and without it somebody does", async () => {
    const told = await shown("vary", { vary: "language" });
    expect(told.figures).to.include({ "Wrong language": "0", "Variants stored": "2" });
    const silent = await shown("vary", { vary: "nothing" });
    expect(silent.figures).to.include({ "Wrong language": "2", "Variants stored": "1" });
    expect(silent.isWrong).to.equal(true);
  });

  it("collapsing: one request for all readers, and without it one for each", async () => {
    expect((await shown("collapsing", { collapsing: "on" })).figures["Requests at the origin"]).to.equal("1");
    expect((await shown("collapsing", { collapsing: "off" })).figures["Requests at the origin"]).to.equal(
      "8",
    );
  });

  it("the lease: after it a purged page is not served, and without it it is", async () => {
    const kept = await shown("lease", { lease: "on" });
    expect(kept.figures["Cut off, with a lease left"]).to.equal("version 1");
    expect(kept.figures["Cut off, after the lease"]).to.equal("version 2");
    expect(kept.isWrong).to.equal(false);
    const ignored = await shown("lease", { lease: "off" });
    expect(ignored.figures["Cut off, after the lease"]).to.equal("version 1");
    expect(ignored.isWrong).to.equal(true);
  });

  it("routing: in shares half of a crowd waits much less than in a herd", async () => {
    const half = async (choice: string, seed: number) =>
      Number.parseInt(
        (await shown("routing", { choice }, seed)).figures["Half of the crowd waits less than"] ?? "",
        10,
      );
    for (const seed of [1, 2, 3]) {
      expect((await half("shares", seed)) / (await half("herd", seed))).to.be.below(0.75);
    }
    expect((await shown("routing", { choice: "shares" })).isWrong).to.equal(false);
  });

  it("stale on error: the stored page where it may be old, and the error where it may not", async () => {
    expect((await shown("stale-on-error", { allowed: "yes" })).figures.Errors).to.equal("0");
    expect((await shown("stale-on-error", { allowed: "no" })).figures.Errors).to.equal("2");
  });

  it("playground: a slow origin without the fence brings a purged page back for some seed, and with it for none", async () => {
    const old = async (fence: string, seed: number) => {
      const usual = { lifetime: "60", slow: "yes", collapsing: "on", fails: "no" };
      return Number((await shown("playground", { ...usual, fence }, seed)).figures["Purged pages served"]);
    };
    const seeds = [1, 2, 3, 4, 5, 6];
    expect(await Promise.all(seeds.map((seed) => old("on", seed)))).to.deep.equal(seeds.map(() => 0));
    expect(Math.max(...(await Promise.all(seeds.map((seed) => old("off", seed)))))).to.be.above(0);
  });

  it("what a hit costs: one short round trip, and no work of the origin", async () => {
    const hit = (await shown("what-a-hit-costs", { stored: "yes" })).figures;
    expect(hit["First, second"]).to.match(/, 20 ms$/);
    expect(hit["Times that the origin worked"]).to.equal("1");
    const { figures } = await shown("what-a-hit-costs", { stored: "no" });
    expect(figures["Times that the origin worked"]).to.equal("5");
  });
});
