import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, READER } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [READER, EDGE, ORIGIN];
const PAGE = "/prices";
const ENDS_AT = 8_400;
const CHANGES_AT = 1_900;
const REQUESTS = 8;

async function run(seed: number, { lifetime }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  const edge = world.edge("edge-1");
  let version = 1;
  origin.thinksMs = 40;
  origin.script = () => ({
    status: 200,
    fields: [["Cache-Control", `max-age=${lifetime}`]],
    text: `version ${version}`,
    label: `version ${version}`,
  });
  const [outcomes, old]: [string[], number[]] = [[], []];
  for (let at = 0; at < REQUESTS; at += 1) {
    world.at(300 + at * 1_000 + world.random.whole(0, 100), async () => {
      const { outcome, text, served } = await world.ask("reader", edge, { target: PAGE });
      outcomes.push(outcome);
      if (text !== `version ${version}`) old.push(world.time.now - CHANGES_AT);
      const age = served.age === undefined ? "" : ` Its Age is ${served.age} s.`;
      stage.note(
        outcome === "hit"
          ? `A hit: ${text} is fresh.${age}`
          : `A miss: nothing fresh is stored. The origin sends ${text}.`,
      );
    });
  }
  world.at(CHANGES_AT, () => {
    version = 2;
    stage.shows("origin", ["version 2"]);
    stage.note("The origin has version 2 now. Nobody tells the edge.");
  });
  stage.shows("origin", ["version 1"]);
  world.every(200, () => stage.shows("edge-1", edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  const hits = outcomes.filter((each) => each === "hit").length;
  return world.run(
    ENDS_AT,
    [
      { name: "Hits", value: `${hits} of ${outcomes.length}` },
      { name: "Requests at the origin", value: String(origin.asked) },
      {
        name: "Old version last served",
        value: old.length === 0 ? "never" : `${((old.at(-1) ?? 0) / 1000).toFixed(1)} s after the change`,
      },
    ],
    hits === 0
      ? "A response that is never fresh is never old. Every request goes to the origin."
      : "While a response is fresh, the edge asks nobody. So a change is seen when freshness ends, and not before.",
  );
}

export const freshness: Lesson = {
  id: "freshness",
  title: "Freshness",
  idea: [
    "The origin says for how long its response may be used without a question: Cache-Control: max-age, in seconds. Until then it is fresh.",
    "The number is a trade. A long lifetime saves requests. A short one shows changes sooner. A purge breaks this trade, as a later lesson shows.",
  ],
  watch: "Watch how many requests reach the origin, and how long the old version is served after the change.",
  variables: [
    {
      name: "lifetime",
      label: "max-age",
      choices: [
        { value: "2", label: "2 s" },
        { value: "5", label: "5 s" },
        { value: "0", label: "0 s" },
      ],
    },
  ],
  rules: ["RFC 9111 section 4.2 (freshness)", "RFC 9111 section 5.2.2.1 (max-age)"],
  files: ["edge/rules/freshness.ts", "edge/rules/age.ts", "edge/rules/judge.ts"],
  pace: 600,
  run,
};
