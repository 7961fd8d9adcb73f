import type { Content } from "../../edge/content.ts";
import { EdgeCounters } from "../../edge/metrics.ts";
import { ByteBudget } from "../../edge/origin/byte-budget.ts";
import { Collapse } from "../../edge/origin/collapse.ts";
import type { Origin } from "../../edge/origin/origin.ts";
import type { EdgeParts } from "../../edge/parts.ts";
import { PurgeFollower } from "../../edge/purge-follower.ts";
import { serve } from "../../edge/serve.ts";
import type { Served } from "../../edge/served.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import { Fields } from "../../http/fields.ts";
import type { Clock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import type { Lines } from "./message.ts";
import type { Answer, Question } from "./record.ts";

const MEMORY = 16 * 1024 * 1024;
const log = createLog("model", "silent");

/** What the core of an edge stands in. */
export interface Surroundings {
  readonly clock: Clock;
  readonly origin: Origin;
  readonly purgeLog: PurgeLog;
  readonly leaseMs: number;
}

/** The parts that a test may break on purpose. */
export interface Classes {
  readonly Store?: typeof MemoryStore;
  readonly Follower?: typeof PurgeFollower;
}

/** Real parts, as `edge/edge.ts` puts them together, without sockets. */
export function edgeCore(
  { clock, origin, purgeLog, leaseMs }: Surroundings,
  { Store = MemoryStore, Follower = PurgeFollower }: Classes = {},
): EdgeParts {
  const store = new Store(MEMORY);
  return {
    id: "edge-1",
    origins: new Map([["default", origin]]),
    store,
    follower: new Follower({ leaseMs, purgeLog, store, clock, log }),
    collapse: new Collapse(),
    counters: new EdgeCounters(),
    clock,
    log,
    fillBudget: new ByteBudget(MEMORY),
    keepLimit: MEMORY,
  };
}

export function ask(question: Question, edge: EdgeParts): Promise<Served> {
  const { method, target, fields } = question;
  return serve(
    {
      method,
      target,
      site: "default",
      fields: Fields.of(fields),
      origin: "http://edge.test",
      body: undefined,
    },
    edge,
  );
}

/** The answer's fields as the client gets them. */
export function fieldsOf({ fields, age }: Served): Lines {
  return [...(age === undefined ? fields : fields.with("Age", String(age)))];
}

export function outcomeOf({ outcome }: Served): Pick<Answer, "outcome" | "ttl"> {
  return { outcome: outcome.kind, ttl: "ttl" in outcome ? outcome.ttl : undefined };
}

/** The answer's content as the client gets it; undefined when it breaks off. */
export async function textOf(content: Content, method: string): Promise<string | undefined> {
  if (method === "HEAD" || content.kind === "none") {
    if (content.kind === "stream") content.cancel();
    return "";
  }
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of content.kind === "bytes" ? content.chunks : content.read(0)) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}
