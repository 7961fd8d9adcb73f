import type { Filled } from "../../edge/cache/answer.ts";
import { Flights } from "../../edge/cache/flights.ts";
import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, readers } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const CROWD = 8;
const PLACES: readonly Place[] = [...readers(CROWD), EDGE, ORIGIN];
const PAGE = "/goal";
const ENDS_AT = 2_600;
const WORK_MS = 200;

/** Collapsing taken out: no request meets the fill of another. */
class NeverMet extends Flights<Filled> {
  override at(): undefined {
    return undefined;
  }
}

async function run(seed: number, { collapsing }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  const edge = world.edge(
    "edge-1",
    collapsing === "off" ? { context: (context) => ({ ...context, flights: new NeverMet() }) } : {},
  );
  origin.thinksMs = WORK_MS;
  origin.isSingle = true;
  origin.script = () => {
    stage.shows("origin", [`asked ${origin.asked} times`]);
    return { status: 200, fields: [["Cache-Control", "max-age=600"]], text: "2:1", label: "2:1" };
  };
  const waits: number[] = [];
  world.at(190, () => stage.note("A goal. Everybody opens the same page in the same moment."));
  for (let at = 1; at <= CROWD; at += 1) {
    world.at(200 + world.random.whole(0, 60), async () => {
      const { ms } = await world.ask(`reader-${at}`, edge, { target: PAGE });
      waits.push(ms);
      stage.shows(`reader-${at}`, [`${ms} ms`]);
      if (waits.length === 1) stage.note("The first answer is there.");
      if (waits.length === CROWD) stage.note("The last reader has the page.");
    });
  }
  world.at(300, () => {
    stage.note(
      collapsing === "off"
        ? "The edge sends every request on. The origin can only work on one after the other."
        : "The edge has asked once. The other requests wait for that answer.",
      collapsing === "off",
    );
  });
  stage.shows("edge-1", ["holds nothing"]);
  world.every(100, () => stage.shows("edge-1", edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  return world.run(
    ENDS_AT,
    [
      { name: "Requests at the origin", value: String(origin.asked) },
      { name: "Slowest reader", value: `${Math.max(...waits)} ms` },
    ],
    origin.asked === 1
      ? "One request was enough for everybody."
      : "A stampede: the more readers come, the longer each of them waits, and the origin does the same work again and again.",
  );
}

export const collapsing: Lesson = {
  id: "collapsing",
  title: "Collapsing, and the stampede without it",
  idea: [
    "Nothing is stored yet, and many readers ask for the same page in the same moment. Each of them is a miss.",
    "An edge that asks the origin for each of them hurts it most when it is busiest. So requests for one key share one fill: the first asks, the others wait for its answer.",
  ],
  watch: "Watch the way from the edge to the origin.",
  variables: [
    {
      name: "collapsing",
      label: "Collapsing",
      choices: [
        { value: "on", label: "on" },
        { value: "off", label: "off" },
      ],
    },
  ],
  rules: ["RFC 9111 section 4 (collapsed requests)", "RFC 9211 section 2.6 (collapsed)"],
  files: ["edge/cache/collapse.ts", "edge/cache/flights.ts"],
  pace: 160,
  run,
};
