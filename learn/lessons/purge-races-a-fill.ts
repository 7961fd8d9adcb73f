import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import type { Answer } from "../simulation/lesson-edge.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [
  { id: "client", kind: "client", name: "Reader", x: 12, y: 68 },
  { id: "edge-1", kind: "edge", name: "Edge", x: 46, y: 68 },
  { id: "origin", kind: "origin", name: "Origin", x: 86, y: 68 },
  { id: "log", kind: "log", name: "Purge log", x: 46, y: 20 },
  { id: "editor", kind: "editor", name: "Editor", x: 86, y: 20 },
];

const PAGE = "/news";
const ENDS_AT = 2_600;
// The origin is slow, as it is when it has much to do. The purge overtakes its answer.
const THINKS_MS = 900;
const CHANGES_AT = 450;
const ASKS_AGAIN_AT = 1_700;

/** The rule E3 taken out: no purge overtakes a fill. */
class WithoutFence extends PurgeFollower {
  override overtaken(): boolean {
    return false;
  }
}

async function run(seed: number, { fence }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  let version = 1;
  origin.thinksMs = THINKS_MS;
  origin.script = () => {
    stage.note(`The origin reads version ${version} and begins to work on its answer.`);
    return {
      status: 200,
      fields: [["Cache-Control", "max-age=600"]],
      text: `version ${version}`,
      label: `version ${version}`,
    };
  };
  const edge = world.edge("edge-1", fence === "off" ? { follower: (parts) => new WithoutFence(parts) } : {});
  const show = (): void => {
    stage.shows("edge-1", edge.storedTexts(PAGE).length === 0 ? ["holds nothing"] : edge.storedTexts(PAGE));
  };
  edge.follower.onPurge(() => {
    stage.note("The edge has applied the purge: it drops what it holds of the page. It holds nothing yet.");
    show();
  });
  stage.shows("origin", ["version 1"]);
  show();

  // The seed moves the first request a little. The race is the same.
  const begin = world.random.whole(100, 160);
  world.at(begin, async () => {
    stage.note("A reader asks for the page. The edge does not hold it and asks the origin.");
    const first = await world.ask("client", edge, { target: PAGE });
    show();
    stage.note(`The answer arrives late: ${first.text}. The first reader gets it.`);
    stage.note(
      edge.storedTexts(PAGE).length === 0
        ? "The edge does not store it. The fence remembers that a purge came after this fill began."
        : "The edge stores it, although the purge was meant to remove this very version.",
      edge.storedTexts(PAGE).length > 0,
    );
  });
  world.at(CHANGES_AT, async () => {
    version = 2;
    stage.shows("origin", ["version 2"]);
    stage.note("The editor publishes version 2 and purges the page.");
    await world.purge({ kind: "url", target: PAGE });
    stage.note("The log has the purge, and tells the edge.");
  });
  let second: Answer | undefined;
  world.at(ASKS_AGAIN_AT, async () => {
    origin.thinksMs = 0;
    stage.note("Another reader asks for the page.");
    second = await world.ask("client", edge, { target: PAGE });
    show();
    const isOld = second.text === "version 1";
    stage.note(
      isOld
        ? "The old page is back, as a hit. It will be so for ten minutes, and every receipt said that it was gone."
        : "This reader gets version 2.",
      isOld,
    );
  });
  await world.play(ENDS_AT);
  const text = second?.text ?? "nothing";
  return world.run(
    ENDS_AT,
    [
      { name: "The second reader gets", value: text },
      { name: "Its Cache-Status", value: second?.cacheStatus ?? "" },
    ],
    text === "version 2"
      ? "With the fence, nothing that was read before a purge is stored after it."
      : "Without the fence, the old version is stored after its purge, and served.",
  );
}

export const purgeRacesAFill: Lesson = {
  id: "purge-races-a-fill",
  title: "The purge that races a fill",
  idea: [
    "A purge removes what an edge holds. The answer that is still on its way from the origin is not held yet, so there is nothing to remove.",
    "When it arrives, it is old. An edge that stores it has undone the purge. So each fetch is marked with the edge's place in the purge log when it begins. Before its answer is stored, the edge asks whether a purge has come since. This is the fence.",
  ],
  watch: "Watch the edge when the late answer arrives, and which version the second reader gets.",
  variables: [
    {
      name: "fence",
      label: "The fence",
      choices: [
        { value: "on", label: "on" },
        { value: "off", label: "off" },
      ],
    },
  ],
  rules: ["rule E3 of docs/purge.md"],
  files: ["edge/purging/fence.ts", "edge/cache/admit.ts"],
  pace: 160,
  run,
};
