import type { Filled } from "../../edge/cache/answer.ts";
import { Flights } from "../../edge/cache/flights.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { Choice, Choices, Lesson, Variable } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [
  { id: "reader-1", kind: "client", name: "Reader 1", x: 12, y: 52 },
  { id: "reader-2", kind: "client", name: "Reader 2", x: 12, y: 82 },
  { id: "edge-1", kind: "edge", name: "Edge", x: 46, y: 68 },
  { id: "origin", kind: "origin", name: "Origin", x: 86, y: 68 },
  { id: "log", kind: "log", name: "Purge log", x: 46, y: 18 },
  { id: "editor", kind: "editor", name: "Editor", x: 86, y: 18 },
];
const PAGE = "/page";
const ENDS_AT = 12_000;
// Each changes the page and purges it. The second comes while a slow origin still works on what the first made stale.
const CHANGES_AT = [2_500, 3_500];
const FAILS = { from: 8_000, until: 10_000 };
// About so often each reader asks, in milliseconds.
const ASKS_EVERY = 700;

class WithoutFence extends PurgeFollower {
  override overtaken(): boolean {
    return false;
  }
}

class NeverMet extends Flights<Filled> {
  override at(): undefined {
    return undefined;
  }
}

async function run(seed: number, { lifetime, slow, fence, collapsing, fails }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin, random } = world;
  const edge = world.edge("edge-1", {
    ...(fence === "off" ? { follower: (parts) => new WithoutFence(parts) } : {}),
    ...(collapsing === "off" ? { context: (context) => ({ ...context, flights: new NeverMet() }) } : {}),
  });
  let version = 1;
  let changedAt = Number.NEGATIVE_INFINITY;
  let isDown = false;
  origin.thinksMs = slow === "yes" ? 900 : 60;
  origin.script = () => {
    const text = `version ${version}`;
    const control = `max-age=${lifetime}, stale-if-error=60`;
    if (isDown) return { status: 503, fields: [], text: "Service Unavailable", label: "503" };
    return {
      status: 200,
      fields: [
        ["Cache-Control", control],
        ["ETag", `"${version}"`],
      ],
      text,
      label: text,
    };
  };
  const counts = { asked: 0, hits: 0, old: 0, errors: 0 };
  const ask = async (reader: string): Promise<void> => {
    const askedAt = world.time.now;
    const { text, outcome, served } = await world.ask(reader, edge, { target: PAGE });
    counts.asked += 1;
    if (outcome === "hit") counts.hits += 1;
    if (served.status >= 500) counts.errors += 1;
    // The purge needs a moment to reach the edge, so only a later request counts.
    const isOld = outcome === "hit" && text !== `version ${version}` && askedAt > changedAt + 200;
    if (isOld) counts.old += 1;
    stage.note(
      isOld ? `A hit with ${text}, after its purge.` : `${reader} gets a ${outcome}: ${text}.`,
      isOld,
    );
  };
  for (const reader of ["reader-1", "reader-2"]) {
    for (let at = 300; at < ENDS_AT - 2_500; at += ASKS_EVERY) {
      world.at(at + random.whole(0, 400), () => ask(reader));
    }
  }
  for (const at of CHANGES_AT) {
    world.at(at, async () => {
      version += 1;
      changedAt = at;
      stage.shows("origin", [`version ${version}`]);
      stage.note(`The editor publishes version ${version} and purges the page.`);
      await world.purge({ kind: "url", target: PAGE }, `purge-${version}`);
    });
  }
  if (fails === "yes") {
    world.at(FAILS.from, () => {
      isDown = true;
      stage.note("The origin begins to fail.");
    });
    world.at(FAILS.until, () => {
      isDown = false;
      stage.note("The origin works again.");
    });
  }
  stage.shows("origin", ["version 1"]);
  world.every(200, () => stage.shows("edge-1", edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  return world.run(
    ENDS_AT,
    [
      { name: "Requests at the edge", value: String(counts.asked) },
      { name: "Hits", value: String(counts.hits) },
      { name: "Requests at the origin", value: String(origin.asked) },
      { name: "Purged pages served", value: String(counts.old) },
      { name: "Errors", value: String(counts.errors) },
    ],
    counts.old > 0
      ? "A purged page came back. Find the switch that lets it, and a seed that does not show it."
      : "No purged page was served. Try a slow origin without the fence.",
  );
}

function variable(name: string, label: string, first: Choice, ...others: readonly Choice[]): Variable {
  return { name, label, choices: [first, ...others] };
}

const ON: Choice = { value: "on", label: "on" };
const OFF: Choice = { value: "off", label: "off" };

export const playground: Lesson = {
  id: "playground",
  title: "Playground",
  idea: [
    "Two readers ask for a page again and again. An editor changes it twice, and purges it each time. Everything that the lessons had one at a time can be changed here together.",
  ],
  watch:
    "Can you make the edge serve a page after its purge? Can you keep the origin from working more than four times?",
  variables: [
    variable("fence", "The fence", ON, OFF),
    variable(
      "lifetime",
      "max-age",
      { value: "60", label: "60 s" },
      { value: "2", label: "2 s" },
      { value: "0", label: "0 s" },
    ),
    variable("slow", "The origin is", { value: "no", label: "quick" }, { value: "yes", label: "slow" }),
    variable("collapsing", "Collapsing", ON, OFF),
    variable(
      "fails",
      "The origin fails at 8 s",
      { value: "no", label: "no" },
      { value: "yes", label: "yes" },
    ),
  ],
  rules: ["RFC 9111", "rules E2 to E4 of docs/purge.md"],
  files: ["edge/cache/serve.ts", "edge/cache/collapse.ts", "edge/purging/fence.ts"],
  pace: 700,
  run,
};
