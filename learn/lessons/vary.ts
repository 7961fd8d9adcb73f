import type { OriginRequest } from "../../edge/origin/origin.ts";
import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";
import type { OriginAnswer } from "../simulation/scripted-origin.ts";

const PLACES: readonly Place[] = [
  { id: "en", kind: "client", name: "Reads English", x: 15, y: 25 },
  { id: "fr", kind: "client", name: "Reads French", x: 15, y: 75 },
  EDGE,
  ORIGIN,
];
const PAGE = "/welcome";
const GREETINGS: Readonly<Record<string, string>> = { en: "Welcome", fr: "Bienvenue" };
const ASKED: readonly ("en" | "fr")[] = ["en", "fr", "en", "fr"];
const ENDS_AT = 3_000;

async function run(seed: number, { vary }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  const edge = world.edge("edge-1");
  origin.thinksMs = 60;
  origin.script = (request: OriginRequest): OriginAnswer => {
    const text = GREETINGS[request.fields.get("Accept-Language") ?? "en"] ?? "Welcome";
    const fields: [string, string][] = [["Cache-Control", "max-age=600"]];
    if (vary === "language") fields.push(["Vary", "Accept-Language"]);
    return { status: 200, fields, text, label: text };
  };
  const outcomes: string[] = [];
  let mistaken = 0;
  for (const [at, language] of ASKED.entries()) {
    world.at(200 + at * 600 + world.random.whole(0, 80), async () => {
      const fields = [["Accept-Language", language]] as const;
      const { text, outcome } = await world.ask(language, edge, { target: PAGE, fields });
      outcomes.push(outcome);
      const isWrong = text !== GREETINGS[language];
      if (isWrong) mistaken += 1;
      const stored = edge.storedTexts(PAGE);
      stage.shows("edge-1", stored);
      stage.note(
        isWrong
          ? `A ${outcome} in the wrong language: the edge does not know that the page depends on it.`
          : `A ${outcome}, in the language that was asked for.`,
        isWrong,
      );
    });
  }
  stage.shows("edge-1", ["holds nothing"]);
  await world.play(ENDS_AT);
  const hits = outcomes.filter((each) => each === "hit").length;
  return world.run(
    ENDS_AT,
    [
      { name: "Hits", value: `${hits} of ${outcomes.length}` },
      { name: "Wrong language", value: String(mistaken) },
      { name: "Variants stored", value: String(edge.stored(PAGE).length) },
    ],
    mistaken > 0
      ? "Without Vary the first answer is taken for everybody's."
      : "With Vary the edge keeps one variant for each language, and each reader gets their own.",
  );
}

export const varyLesson: Lesson = {
  id: "vary",
  title: "Vary",
  idea: [
    "The origin may answer the same URL in several ways: by language, by the formats that a browser reads. The key does not show that.",
    "So the origin names the request fields that it has looked at, in Vary. The edge then stores one variant for each value, and compares before it answers.",
  ],
  watch: "Watch what the reader of French gets, and how many variants the edge holds.",
  variables: [
    {
      name: "vary",
      label: "The origin says",
      choices: [
        { value: "language", label: "Vary: Accept-Language" },
        { value: "nothing", label: "nothing" },
      ],
    },
  ],
  rules: ["RFC 9111 section 4.1 (Vary)", "RFC 9110 section 12.5.5"],
  files: ["edge/rules/vary.ts", "edge/rules/judge.ts"],
  pace: 200,
  run,
};
