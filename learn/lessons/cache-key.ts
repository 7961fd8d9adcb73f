import { RuleBook } from "../../edge/rules/site/rule-book.ts";
import type { Choices, Lesson } from "../lesson.ts";
import type { Place, Run } from "../lesson-event.ts";
import { EDGE, ORIGIN, readers } from "../simulation/cast.ts";
import { LessonWorld } from "../simulation/lesson-world.ts";

const CAME_FROM = ["mail", "news", "chat", "mail"] as const;
const PLACES: readonly Place[] = [...readers(CAME_FROM.length), EDGE, ORIGIN];
const ENDS_AT = 3_000;

// The rule that a site owner writes as `key: { query: { ignore: ["utm_*"] } }`.
const IGNORING = new RuleBook(
  [{ name: "campaigns", match: {}, key: { query: { ignore: ["utm_*"] } } }],
  () => () => false,
);

async function run(seed: number, { query }: Choices): Promise<Run> {
  const world = new LessonWorld({ seed, places: PLACES });
  const { stage, origin } = world;
  const edge = world.edge("edge-1", query === "ignored" ? { rules: { book: IGNORING } } : {});
  origin.thinksMs = 60;
  origin.script = () => ({
    status: 200,
    fields: [["Cache-Control", "max-age=600"]],
    text: "offer",
    label: "offer",
  });
  const outcomes: string[] = [];
  for (const [at, from] of CAME_FROM.entries()) {
    world.at(200 + at * 600 + world.random.whole(0, 80), async () => {
      const target = `/offer?utm_source=${from}`;
      stage.note(`Reader ${at + 1} follows a link to ${target}.`);
      const { outcome } = await world.ask(`reader-${at + 1}`, edge, { target });
      outcomes.push(outcome);
      stage.shows("edge-1", [`${edge.objects} stored`]);
      stage.note(
        outcome === "hit"
          ? "A hit: its key is the key of what is stored."
          : "A miss: nothing is stored under its key yet.",
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
      { name: "Requests at the origin", value: String(origin.asked) },
      { name: "Copies of the same page", value: String(edge.objects) },
    ],
    query === "ignored"
      ? "With the rule all links lead to one key: the page is fetched once."
      : "The query is in the key, so the same page is fetched and stored once for each link.",
  );
}

export const cacheKeyLesson: Lesson = {
  id: "cache-key",
  title: "The cache key",
  idea: [
    "An edge finds a stored response by its key: the site and the target of the request, byte for byte. Two URLs that differ in one byte are two pages to it.",
    "Newsletters add parameters to links so that somebody can count clicks. The page is the same. The edge cannot know that; the owner of the site can.",
  ],
  watch: "Watch which readers get a hit, and how many copies the edge stores.",
  variables: [
    {
      name: "query",
      label: "utm_ parameters",
      choices: [
        { value: "kept", label: "in the key" },
        { value: "ignored", label: "left out by a rule" },
      ],
    },
  ],
  rules: ["RFC 9111 section 2 (cache key)"],
  files: ["edge/rules/cache-key.ts", "edge/rules/site/query-policy.ts"],
  pace: 200,
  run,
};
