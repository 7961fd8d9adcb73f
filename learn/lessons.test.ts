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
