import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, READER } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const PLACES: readonly Place[] = [
  READER,
  { ...EDGE, y: 68 },
  ORIGIN,
  { id: "dns", kind: "dns", name: "DNS", x: 30, y: 16 },
];
const PAGE = "/";
const ENDS_AT = 2_600;
const DNS_MS = 15;
const ORIGIN_MS = 140;
const ASKS_AT = [200, 1_200];

async function run(seed: number, { name }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES, distances: { originMs: ORIGIN_MS } });
  const { stage, origin } = world;
  const edge = world.edge("edge-1");
  const isDirect = name === "origin";
  origin.thinksMs = world.random.whole(40, 80);
  origin.script = () => ({
    status: 200,
    fields: [["Cache-Control", "max-age=60"]],
    text: "the page",
    label: "the page",
  });
  const waits: number[] = [];
  const ask = async (): Promise<void> => {
    const began = world.time.now;
    stage.note("The reader's browser asks DNS where www.example is.");
    await stage.travel("reader", "dns", DNS_MS, "request", "www.example?");
    await stage.travel("dns", "reader", DNS_MS, "request", isDirect ? "at the origin" : "at the edge");
    if (isDirect) {
      stage.note("It is at the origin, far away. Every request goes all the way.");
      await stage.travel("reader", "origin", ORIGIN_MS, "request", PAGE);
      origin.asked += 1;
      await stage.pause(origin.thinksMs);
      await stage.travel("origin", "reader", ORIGIN_MS, "bypass", "the page");
    } else {
      stage.note("DNS names the edge, which is near. The browser does not know that there is an origin.");
      const { outcome } = await world.ask("reader", edge, { target: PAGE });
      stage.note(
        outcome === "hit"
          ? "The edge holds the page and answers at once."
          : "The edge did not hold the page yet. It has asked the origin, and keeps what it got.",
      );
    }
    waits.push(world.time.now - began);
    stage.shows("reader", [`waited ${waits.at(-1)} ms`]);
  };
  for (const at of ASKS_AT) world.at(at, ask);
  world.every(100, () => stage.shows("edge-1", isDirect ? ["is not asked"] : edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  const [first = 0, second = 0] = waits;
  return world.run(
    ENDS_AT,
    [
      { name: "First page", value: `${first} ms` },
      { name: "Second page", value: `${second} ms` },
      { name: "Requests at the origin", value: String(origin.asked) },
    ],
    isDirect
      ? "Without a CDN every reader pays the whole way to the origin, every time."
      : "With a CDN the first reader pays for the way to the origin, and the next ones do not.",
  );
}

export const whatACdnIs: Lesson = {
  id: "what-a-cdn-is",
  title: "What a CDN is, and where DNS comes in",
  idea: [
    "A page lives on one machine, its origin. A content delivery network puts caches, its edges, near the readers. An edge answers from what it holds, and asks the origin for the rest.",
    "Nothing in the page changes for that. The owner of the name makes DNS answer with the address of an edge, or of a router that picks one.",
  ],
  watch: "Watch how long the reader waits the second time.",
  variables: [
    {
      name: "name",
      label: "www.example leads to",
      choices: [
        { value: "edge", label: "the edge" },
        { value: "origin", label: "the origin" },
      ],
    },
  ],
  rules: ["RFC 9110 section 3.7 (intermediaries)", "RFC 9111 section 1 (caches)"],
  files: ["edge/cache/serve.ts", "edge/edge.ts"],
  pace: 200,
  run,
};
