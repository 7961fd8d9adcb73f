// What `admin-cli check --from` and `admin-cli explain --config` run: tries the settings of an edge without starting one.
// Takes one JSON document and the edge's flags. Prints one JSON document.
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { type EdgeConfig, edgeConfig } from "../edge/config.ts";
import { explain } from "../edge/control-plane/explain.ts";
import { NO_RULES } from "../edge/rules/site/rule-book.ts";
import { SAFE_RULES } from "../edge/rules/site-rules.ts";
import { systemClock } from "../process/clock.ts";
import { describeError, Failure } from "../process/failure.ts";
import { readSmallFile } from "../process/settings/small-file.ts";
import { ExplainResponse } from "../proto/gen/edgecache/v1/edge.ts";
import { recordedRequests } from "./trial/recorded-requests.ts";
import { NO_ORIGIN, replay } from "./trial/replay.ts";
import { trialEdge } from "./trial/trial-edge.ts";

// A day of a busy site, and what one process can hold.
const MAX_RECORD_BYTES = 256 * 2 ** 20;

const wanted = z.discriminatedUnion("what", [
  z.object({
    what: z.literal("replay"),
    from: z.string(),
    host: z.string(),
    assumedTtlMs: z.number(),
    /** The settings to compare with. Default: the same without rules. */
    before: z.string().optional(),
  }),
  z.object({ what: z.literal("explain"), url: z.string(), fields: z.record(z.string(), z.string()) }),
]);

type Wanted = z.infer<typeof wanted>;

const [document = "{}", ...flags] = process.argv.slice(2);
try {
  const result = await tried(wanted.parse(JSON.parse(document)));
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (thrown) {
  if (!(thrown instanceof Failure)) throw thrown;
  process.stdout.write(`${JSON.stringify({ problems: describeError(thrown).split("\n") })}\n`);
}

async function tried(task: Wanted): Promise<unknown> {
  const config = settings(flags);
  switch (task.what) {
    case "explain": {
      const edge = trialEdge(config, NO_ORIGIN, systemClock);
      const explained = await explain({ url: task.url, fields: task.fields }, edge.sites, edge);
      if (!explained.ok) return { problems: [explained.message] };
      // As the edge itself would send it.
      return { explained: Buffer.from(ExplainResponse.encode(explained.value).finish()).toString("base64") };
    }
    case "replay": {
      const { requests, skipped } = recordedRequests(record(task.from));
      const [first] = config.sites.flatMap(({ hosts }) => hosts);
      const options = { authority: task.host || (first ?? ""), assumedTtlMs: task.assumedTtlMs };
      const before = task.before === undefined ? withoutRules(config) : settings(["--config", task.before]);
      return {
        skipped,
        before: await replay(requests, before, options),
        after: await replay(requests, config, options),
      };
    }
  }
}

function settings(argv: readonly string[]): EdgeConfig {
  return edgeConfig({ argv, env: process.env, readFile: readSmallFile });
}

function withoutRules(config: EdgeConfig): EdgeConfig {
  const sites = config.sites.map((site) => ({
    ...site,
    rules: { ...(site.rules ?? SAFE_RULES), book: NO_RULES },
  }));
  return { ...config, sites };
}

/** Throws a Failure. */
function record(path: string): string {
  try {
    const { size } = statSync(path);
    if (size <= MAX_RECORD_BYTES) return readFileSync(path, "utf8");
    const rule = `must be a file of at most ${MAX_RECORD_BYTES} bytes`;
    throw new Failure("bad-config", "client", `--from: ${rule}, got ${size}`);
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const message = `--from: must be a file that can be read (${describeError(thrown)})`;
    throw new Failure("bad-config", "client", message);
  }
}
