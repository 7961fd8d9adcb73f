import type { OriginRequest } from "../../edge/origin/origin.ts";
import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, READER } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";
import type { OriginAnswer } from "../simulation/scripted-origin.ts";

const PLACES: readonly Place[] = [READER, EDGE, ORIGIN];
const PAGE = "/photo";
const ENDS_AT = 8_800;
const CHANGES_AT = 5_000;
const ASKS_AT = [300, 2_300, 4_300, 6_300, 8_000];
// Of each version, so that it counts what a body costs.
const BYTES = 40_000;

async function run(seed: number, { validator }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  const edge = world.edge("edge-1");
  let version = 1;
  let bytes = 0;
  origin.thinksMs = world.random.whole(30, 60);
  origin.script = (request: OriginRequest): OriginAnswer => {
    const tag = `"v${version}"`;
    const fields: [string, string][] = [["Cache-Control", "max-age=1"]];
    if (validator === "etag") fields.push(["ETag", tag]);
    if (request.fields.get("If-None-Match") === tag) {
      return { status: 304, fields, text: "", label: "304: no" };
    }
    bytes += BYTES;
    return { status: 200, fields, text: `version ${version}`, label: `version ${version}, 40 kB` };
  };
  for (const at of ASKS_AT) {
    world.at(at, async () => {
      const { outcome, text } = await world.ask("reader", edge, { target: PAGE });
      stage.note(
        outcome === "revalidated"
          ? `The edge has asked whether ${text} is still right. It is, so its freshness begins anew, and no body travels.`
          : `The origin has sent all of ${text}.`,
      );
    });
  }
  world.at(CHANGES_AT, () => {
    version = 2;
    stage.shows("origin", ["version 2"]);
    stage.note("The photo changes at the origin.");
  });
  stage.shows("origin", ["version 1"]);
  world.every(200, () => stage.shows("edge-1", edge.holdings(PAGE)));
  await world.play(ENDS_AT);
  return world.run(
    ENDS_AT,
    [
      { name: "Requests at the origin", value: String(origin.asked) },
      { name: "Bodies sent by the origin", value: `${bytes / BYTES}, ${bytes / 1000} kB` },
    ],
    validator === "etag"
      ? "With a validator only the two versions travel. In between a 304 is enough."
      : "Without a validator the origin sends the whole body each time, changed or not.",
  );
}

export const validation: Lesson = {
  id: "validation",
  title: "Validation",
  idea: [
    "A stale response is not useless. It may still be right. If the origin has given it a name, an ETag, the edge can ask: is this one still the one?",
    "The answer 304 Not Modified has no body. The edge keeps the bytes that it has, and they are fresh again.",
  ],
  watch: "Watch which answers of the origin carry the photo.",
  variables: [
    {
      name: "validator",
      label: "The origin sends",
      choices: [
        { value: "etag", label: "an ETag" },
        { value: "none", label: "no validator" },
      ],
    },
  ],
  rules: ["RFC 9111 section 4.3 (validation)", "RFC 9110 section 13.1.2 (If-None-Match)"],
  files: ["edge/cache/fill-aim.ts", "edge/cache/serve.ts", "edge/rules/judge.ts"],
  pace: 600,
  run,
};
