import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, READER } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [READER, { ...EDGE, x: 34 }, ORIGIN];
const PAGE = "/article";
const REQUESTS = 5;
const ENDS_AT = 4_400;
// The edge is in the reader's city, the origin across an ocean.
const DISTANCES = { clientMs: 10, originMs: 120 };

async function run(seed: number, { stored }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES, distances: DISTANCES });
  const { stage, origin } = world;
  const edge = world.edge("edge-1");
  origin.thinksMs = world.random.whole(80, 120);
  const control = stored === "yes" ? "max-age=600" : "no-store";
  origin.script = () => {
    stage.shows("origin", [`worked ${origin.asked} times`]);
    return { status: 200, fields: [["Cache-Control", control]], text: "article", label: "article" };
  };
  const waits: number[] = [];
  for (let at = 0; at < REQUESTS; at += 1) {
    world.at(200 + at * 800, async () => {
      const { ms, outcome } = await world.ask("reader", edge, { target: PAGE });
      waits.push(ms);
      stage.shows("reader", [`waited ${ms} ms`]);
      stage.note(
        outcome === "hit"
          ? `A hit: ${ms} ms, a round trip to the edge. The origin has not noticed.`
          : `A miss: ${ms} ms, a round trip across the ocean, and the work of the origin.`,
      );
    });
  }
  world.every(100, () => stage.shows("edge-1", edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  const mean = waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
  const [first = 0, second = 0] = waits;
  return world.run(
    ENDS_AT,
    [
      { name: "Mean wait", value: `${Math.round(mean)} ms` },
      { name: "First, second", value: `${first} ms, ${second} ms` },
      { name: "Times that the origin worked", value: String(origin.asked) },
    ],
    stored === "yes"
      ? "A hit costs one short round trip. The origin works once, however many readers come."
      : "A page that may not be stored costs the whole way, and the origin's work, for every reader.",
  );
}

export const whatAHitCosts: Lesson = {
  id: "what-a-hit-costs",
  title: "What a hit costs",
  idea: [
    "A miss takes the round trip to the edge, the round trip to the origin, and the time that the origin works. A hit takes the first of the three.",
    "For the edge a hit is a look into a table and a copy of bytes: some ten microseconds of a processor. edge/data-plane/hit-path.ts is the short way that most hits take.",
  ],
  watch: "Watch the second request, and the count of the origin.",
  variables: [
    {
      name: "stored",
      label: "The origin says",
      choices: [
        { value: "yes", label: "max-age=600" },
        { value: "no", label: "no-store" },
      ],
    },
  ],
  rules: ["RFC 9111 section 4 (constructing responses from caches)", "RFC 9111 section 5.2.2.5 (no-store)"],
  files: ["edge/cache/hit.ts", "edge/data-plane/hit-path.ts"],
  pace: 300,
  run,
};
