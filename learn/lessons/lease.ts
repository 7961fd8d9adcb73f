import { PurgeFollower } from "../../edge/purging/follower.ts";
import { type PurgeStanding, TRUSTED } from "../../edge/rules/purge-standing.ts";
import type { StoredResponse } from "../../edge/store/stored-response.ts";
import { leaseEndsInMs } from "../../purge-log/membership.ts";
import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [
  { id: "reader", kind: "client", name: "Reader", x: 12, y: 70 },
  { id: "edge-1", kind: "edge", name: "Edge", x: 46, y: 70 },
  { id: "origin", kind: "origin", name: "Origin", x: 86, y: 70 },
  { id: "log", kind: "log", name: "Purge log", x: 46, y: 18 },
  { id: "editor", kind: "editor", name: "Editor", x: 86, y: 18 },
];
const PAGE = "/news";
const LEASE_MS = 3_000;
const CUT_AT = 2_200;
const CHANGES_AT = 3_000;
const ASKS_AT = [500, 4_000, 6_500];
const ENDS_AT = 9_500;
const HEALS_AT = 8_000;

/** The rule E7 taken out: nobody looks at the lease. */
class WithoutLease extends PurgeFollower {
  override standing(stored: StoredResponse): PurgeStanding {
    const standing = super.standing(stored);
    return standing.kind === "lapsed" ? TRUSTED : standing;
  }
}

async function run(seed: number, { lease }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES, leaseMs: LEASE_MS, showsHeartbeats: true });
  const { stage, origin } = world;
  const edge = world.edge("edge-1", lease === "off" ? { follower: (parts) => new WithoutLease(parts) } : {});
  let version = 1;
  origin.thinksMs = world.random.whole(20, 60);
  origin.script = () => ({
    status: 200,
    fields: [["Cache-Control", "max-age=600"]],
    text: `version ${version}`,
    label: `version ${version}`,
  });
  edge.follower.onPurge(() => stage.note("The edge has caught up: the purge is applied."));
  const told: string[] = [];
  for (const at of ASKS_AT) {
    world.at(at, async () => {
      const left = edge.follower.leaseLeftMs;
      const { text, outcome } = await world.ask("reader", edge, { target: PAGE });
      told.push(text);
      const isOld = text !== `version ${version}`;
      if (isOld && left > 0)
        stage.note("A hit with the old version. The lease bounds how long this can last.");
      else if (isOld)
        stage.note("A hit with the old version, although nobody can tell this edge of purges.", true);
      else if (left > 0) stage.note(`A ${outcome}: ${text}.`);
      else stage.note(`Without its lease the edge asks the origin first: ${text}.`);
    });
  }
  world.at(CUT_AT, () => {
    edge.purgeLog.cut();
    stage.note("The link between edge and purge log breaks. Neither of them can tell.");
  });
  world.at(CHANGES_AT, async () => {
    version = 2;
    stage.shows("origin", ["version 2"]);
    stage.note("The editor publishes version 2 and purges the page. The purge cannot reach the edge.");
    await world.purge({ kind: "url", target: PAGE });
  });
  world.at(HEALS_AT, () => {
    edge.purgeLog.heal();
    stage.note("The link is mended.");
  });
  stage.shows("origin", ["version 1"]);
  let hadLease = false;
  let hasReceipt = false;
  // Rule R3: the log knows when the lease has surely run out, whatever the edge does.
  const tellReceipt = async (): Promise<void> => {
    const member = (await edge.purgeLog.members()).find((each) => each.edge === edge.id);
    if (hasReceipt || world.time.now < CHANGES_AT || member === undefined || leaseEndsInMs(member) > 0)
      return;
    hasReceipt = true;
    stage.note("By the clock of the log too the lease has surely run out. The editor gets the receipt.");
  };
  world.every(100, () => {
    const left = edge.follower.leaseLeftMs;
    const line = left > 0 ? `lease ${(left / 1000).toFixed(1)} s` : "no lease";
    stage.shows("edge-1", [...edge.storedTexts(PAGE), line]);
    if (hadLease && left <= 0) {
      stage.note(
        lease === "off"
          ? "The lease has run out, and the edge does not look at it."
          : "The lease has run out. From now on the edge asks the origin before it uses what it holds.",
        lease === "off",
      );
    }
    hadLease = left > 0;
    void tellReceipt();
  });
  await world.play(ENDS_AT);
  const [, during = "", after = ""] = told;
  return world.run(
    ENDS_AT,
    [
      { name: "Cut off, with a lease left", value: during },
      { name: "Cut off, after the lease", value: after },
    ],
    after === "version 2"
      ? "An edge that is cut off serves old pages no longer than its lease. So a receipt needs no answer from it."
      : "Without a lease an edge that is cut off serves what was purged for as long as it stays so.",
  );
}

export const leaseLesson: Lesson = {
  id: "lease",
  title: "The lease of an edge that is cut off",
  idea: [
    "An edge learns of purges from a log. When its link to the log breaks, it learns nothing, and does not know that there is something to learn.",
    "So an edge serves from its cache only while it has a lease. Each heartbeat that the log confirms renews it. When it has run out, the edge asks the origin before it uses what it holds. The sender of a purge waits for that long at most.",
  ],
  watch: "Watch the lease run down after the cut, and what the reader gets on either side of its end.",
  variables: [
    {
      name: "lease",
      label: "The lease",
      choices: [
        { value: "on", label: "is looked at" },
        { value: "off", label: "is ignored" },
      ],
    },
  ],
  rules: ["rules E5, E7 and R3 of docs/purge.md"],
  files: ["edge/purging/follower.ts", "edge/purging/heartbeat-loop.ts", "edge/rules/purge-standing.ts"],
  pace: 600,
  run,
};
