import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { type OtherChoice, RoutedFleet } from "../simulation/routed-fleet.ts";
import { SeededRandom } from "../simulation/seeded-random.ts";
import { Stage } from "../simulation/stage.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";

const PLACES: readonly Place[] = [
  { id: "router", kind: "router", name: "Router", x: 18, y: 50 },
  { id: "near", kind: "edge", name: "Near edge", x: 62, y: 24 },
  { id: "far", kind: "edge", name: "Far edge", x: 84, y: 76 },
];
// The near edge alone can meet the demand of the beginning, and not that of the crowd.
const EDGES = [
  { id: "near", travelMs: 5, serviceMs: 12 },
  { id: "far", travelMs: 15, serviceMs: 12 },
];
const CALM_PER_SECOND = 30;
const CROWD_PER_SECOND = 110;
const CROWD_AT = 2_500;
const ENDS_AT = 12_000;
// More of them would only repeat the story.
const TOLD_TURNS = 4;

/** The herd: whichever edge answered its last Ping fastest gets everything. */
const fastestPing: OtherChoice = (edges) => edges.toSorted((a, b) => a.pingMs - b.pingMs)[0];

async function run(seed: number, { choice }: Choices): Promise<Run> {
  const isHerd = choice === "herd";
  const time = new VirtualTime();
  const stage = new Stage(time, PLACES);
  const random = new SeededRandom(seed);
  const other = isHerd ? fastestPing : undefined;
  const fleet = new RoutedFleet({ time, stage, random: random.fork(), edges: EDGES, other });
  const waits: number[] = [];
  const send = async (): Promise<void> => {
    const ms = await fleet.send();
    if (ms !== undefined && time.now > CROWD_AT) waits.push(ms);
  };
  const arrive = (): void => {
    void send();
    const rate = time.now < CROWD_AT ? CALM_PER_SECOND : CROWD_PER_SECOND;
    // Requests that know nothing of each other: the times between them are exponentially distributed.
    time.after((-Math.log(1 - random.next()) * 1_000) / rate, arrive);
  };
  time.at(300, () => {
    stage.note("The router pings both edges four times a second. The near one gets the requests.");
    arrive();
  });
  time.at(CROWD_AT, () => stage.note("A crowd comes: more than one edge can serve."));
  let leader: string | undefined;
  let turns = 0;
  const look = (): void => {
    for (const { id, queue } of fleet.edges) stage.shows(id, [`${queue.inFlight(time.now)} waiting`]);
    const now = fastestPing(fleet.edges)?.id;
    const hasTurned = time.now > CROWD_AT && now !== leader;
    if (isHerd && hasTurned) {
      turns += 1;
      if (turns <= TOLD_TURNS) stage.note(`Now the ${now} edge looks faster. Everything turns to it.`, true);
    }
    leader = now;
    time.after(50, look);
  };
  time.at(0, look);
  time.at(CROWD_AT + 2_000, () => {
    if (!isHerd)
      stage.note("The router has moved a share of the requests to the far edge, and keeps the rest.");
  });
  await time.runUntil(ENDS_AT);
  waits.sort((a, b) => a - b);
  return {
    places: PLACES,
    events: stage.events,
    endsAt: ENDS_AT,
    figures: [
      {
        name: "Half of the crowd waits less than",
        value: `${Math.round(waits[Math.floor(waits.length / 2)] ?? 0)} ms`,
      },
      { name: "Times that everything turned", value: String(turns) },
    ],
    shown: isHerd
      ? "All requests run to the edge that looked best a moment ago, which is why it is not the best any more."
      : "Shares move a little at a time, by round trip and queue, so that no edge is flooded.",
  };
}

export const routing: Lesson = {
  id: "routing",
  title: "Routing by round trip and load, and herding",
  idea: [
    "A router sends a request to the edge that should answer it soonest. That is the round trip, which Pings measure, and the time in the edge's queue.",
    "What a router knows is a moment old. If it sends everything to the edge that looked best, that edge fills up, the other one looks best, and everything turns: a herd.",
  ],
  watch: "Watch how many requests wait at each edge when the crowd comes.",
  variables: [
    {
      name: "choice",
      label: "The router follows",
      choices: [
        { value: "shares", label: "round trip and queue, in shares" },
        { value: "herd", label: "the fastest last Ping" },
      ],
    },
  ],
  rules: ["docs/routing.md"],
  files: ["router/choose/pick-edge.ts", "router/choose/ranking.ts", "router/choose/shares.ts"],
  pace: 600,
  run,
};
