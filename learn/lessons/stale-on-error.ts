import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, READER } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [READER, EDGE, ORIGIN];
const PAGE = "/timetable";
const FAILS_AT = 1_500;
const MENDED_AT = 6_000;
const ASKS_AT = [300, 2_600, 4_600, 6_600];
const ENDS_AT = 7_400;

async function run(seed: number, { allowed }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  const edge = world.edge("edge-1");
  let isDown = false;
  origin.thinksMs = world.random.whole(20, 60);
  const control = allowed === "yes" ? "max-age=1, stale-if-error=60" : "max-age=1, must-revalidate";
  origin.script = () =>
    isDown
      ? { status: 503, fields: [], text: "Service Unavailable", label: "503" }
      : { status: 200, fields: [["Cache-Control", control]], text: "timetable", label: "timetable" };
  const statuses: number[] = [];
  for (const at of ASKS_AT) {
    world.at(at, async () => {
      const { served, outcome } = await world.ask("reader", edge, { target: PAGE });
      statuses.push(served.status);
      if (outcome === "stale")
        stage.note("The origin has failed. The reader gets the stored page, stale and honest about its Age.");
      else if (served.status >= 500)
        stage.note("The reader gets the error, although the edge holds the page.", true);
      else stage.note("The reader gets the page, as the origin has it.");
    });
  }
  world.at(FAILS_AT, () => {
    isDown = true;
    stage.shows("origin", ["fails: 503"]);
    stage.note("The origin begins to fail.");
  });
  world.at(MENDED_AT, () => {
    isDown = false;
    stage.shows("origin", ["works"]);
    stage.note("The origin works again.");
  });
  stage.shows("origin", ["works"]);
  world.every(200, () => stage.shows("edge-1", edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  const errors = statuses.filter((status) => status >= 500).length;
  return world.run(
    ENDS_AT,
    [
      { name: "Pages", value: `${statuses.length - errors} of ${statuses.length}` },
      { name: "Errors", value: String(errors) },
    ],
    errors === 0
      ? "An outage of the origin is not one for readers, as long as the page may be old."
      : "Where a page must never be old, an outage of the origin reaches its readers.",
  );
}

export const staleOnError: Lesson = {
  id: "stale-on-error",
  title: "Stale on error",
  idea: [
    "The origin fails, and the edge holds a page whose freshness has just run out. An old timetable is better than none. An old account balance is not.",
    "Only the origin knows which. It says for how long its response may be served stale when it fails: stale-if-error. Or it says must-revalidate, which forbids it.",
  ],
  watch: "Watch what the reader gets between 1.5 and 6 seconds.",
  variables: [
    {
      name: "allowed",
      label: "The page says",
      choices: [
        { value: "yes", label: "stale-if-error=60" },
        { value: "no", label: "must-revalidate" },
      ],
    },
  ],
  rules: ["RFC 5861 section 4 (stale-if-error)", "RFC 9111 section 4.2.4 (serving stale)"],
  files: ["edge/rules/judge.ts", "edge/cache/serve.ts"],
  pace: 500,
  run,
};
