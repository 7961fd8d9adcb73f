import fc from "fast-check";
import { histories } from "./histories.ts";
import type { History, Step } from "./history.ts";
import { historyText } from "./history-text.ts";
import { type Build, play } from "./play.ts";

export interface Search {
  readonly runs: number;
  readonly seed: number;
  /** Of one history of this seed, as an earlier search reported it: only that one is played. */
  readonly path?: string | undefined;
  readonly build?: Build;
  /** Takes the first history as it is, which is quicker. */
  readonly asFound?: boolean;
  /** Only disagreements like this one count. */
  readonly like?: RegExp;
}

/** Plays random histories until edge and model disagree; reports the shortest such history, and how to replay it. */
export async function findDisagreement(search: Search): Promise<string | undefined> {
  const { runs, seed, path, build, asFound = false, like = /./ } = search;
  const disagreement = async (history: History): Promise<string | undefined> =>
    (await play(history, build)).disagreements.find((each) => like.test(each));
  const property = fc.asyncProperty(
    histories,
    async (history) => (await disagreement(history)) === undefined,
  );
  const replay = path === undefined ? {} : { path };
  const checked = await fc.check(property, {
    numRuns: runs,
    seed,
    ...replay,
    endOnFailure: asFound || path !== undefined,
  });
  const [found] = checked.counterexample ?? [];
  if (found === undefined) return undefined;
  const shortest = asFound
    ? found
    : await shortened(found, async (shorter) => (await disagreement(shorter)) !== undefined);
  const again = `HISTORY_SEED=${seed} HISTORY_PATH=${checked.counterexamplePath}`;
  return `${historyText(shortest)}\n${await disagreement(shortest)}\nreplay it with ${again}`;
}

/** Without the steps that do not matter. */
async function shortened(
  history: History,
  matters: (shorter: History) => Promise<boolean>,
): Promise<History> {
  for (let at = history.steps.length - 1; at >= 0; at -= 1) {
    const steps: readonly Step[] = history.steps.toSpliced(at, 1);
    if (await matters({ ...history, steps })) return shortened({ ...history, steps }, matters);
  }
  return history;
}
