import { styleText } from "node:util";
import { type Claim, check, type DemoAnswer, expectThat, SHOWN_FIELDS } from "./demo-answer.ts";
import type { DemoStage } from "./demo-stage.ts";

const EDGES = 3;
const PATH = "/hello.txt";

/**
 * The story, step by step: a miss, a hit, a purge with receipts, a miss, an edge that stops, the next one.
 * Every step is checked before the next begins. Throws Failure("not-as-told") naming the step that was not so.
 */
export async function playStory(stage: DemoStage, print: (text: string) => void): Promise<void> {
  const [nearest = "", next = ""] = await stage.nearestFirst(EDGES);
  print(
    `Three edges serve ./assets behind a router. The nearest, by measured round-trip time, is ${nearest}.\n`,
  );

  const url = `${stage.front}${PATH}`;
  const show = async (claim: Claim) => {
    // A pause of a busy machine may have moved requests to another edge for a moment.
    await stage.settledOn(claim.servedBy);
    print(heading(claim.step, `curl -i ${url}`));
    const answer = await stage.fetch(url);
    print(fieldLines(answer));
    check(claim, answer);
  };
  await show({
    step: `The first request: ${nearest} has never seen it, and asks the origin`,
    outcome: "MISS",
    servedBy: nearest,
  });
  await show({
    step: `The same again: ${nearest} answers from its cache`,
    outcome: "HIT",
    servedBy: nearest,
  });
  await purgeEverywhere(stage, print);
  await show({
    step: "After the purge: what was stored is gone, so the origin is asked again",
    outcome: "MISS",
    servedBy: nearest,
  });
  print(heading(`${nearest} is stopped, as if its machine were switched off`, undefined));
  await stage.stopEdge(nearest);
  await show({
    step: `The next request: the router takes ${next}, the next nearest, and nobody sees an error`,
    outcome: "MISS",
    servedBy: next,
  });
}

async function purgeEverywhere(stage: DemoStage, print: (text: string) => void): Promise<void> {
  const step = "One purge: every edge confirms it with a receipt";
  const command = ["purge", PATH, "--edge", stage.control];
  print(heading(step, `npx edgecache ${command.join(" ")}`));
  const { output, code } = await stage.adminCli(...command);
  print(indented(output));
  expectThat({ step }, "admin-cli must exit with 0", String(code), code === 0);
  const proof = `applied on ${EDGES} of ${EDGES} edges`;
  expectThat({ step }, `admin-cli must say "${proof}"`, output.trim(), output.includes(proof));
}

function heading(step: string, command: string | undefined): string {
  const line = `\n${styleText("bold", step)}\n`;
  return command === undefined ? line : `${line}${styleText("dim", `  $ ${command}`)}\n`;
}

/** The fields that tell the story, as they came. */
export function fieldLines(answer: DemoAnswer): string {
  const lines = SHOWN_FIELDS.map((name) => [name, answer.field(name)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${name === "X-Cache" ? styleText("cyan", value ?? "") : value}\n`);
  return indented(`HTTP ${answer.status}\n${lines.join("")}`);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
