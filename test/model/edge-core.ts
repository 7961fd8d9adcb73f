import type { Content, Served } from "../../edge/cache/answer.ts";
import { type CacheContext, cacheOf } from "../../edge/cache/context.ts";
import { serve } from "../../edge/cache/serve.ts";
import type { Origin } from "../../edge/origin/origin.ts";
import { Fence } from "../../edge/purging/fence.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import { RFC_RULES } from "../../edge/rules/site-rules.ts";
import { evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import { Fields } from "../../http/message/fields.ts";
import type { Clock } from "../../process/clock.ts";
import { createLog } from "../../process/log.ts";
import type { PurgeLog } from "../../purge-log/purge-log.ts";
import type { Lines } from "./message.ts";
import type { Answer, Question } from "./record.ts";

const MEMORY = 16 * 1024 * 1024;
const log = createLog("model", "silent");

/** The surroundings of the core of an edge. */
export interface Surroundings {
  readonly clock: Clock;
  readonly origin: Origin;
  readonly purgeLog: PurgeLog;
  readonly leaseMs: number;
  readonly fence?: Fence;
}

/** The parts that a test may break on purpose. */
export interface Classes {
  readonly Store?: typeof MemoryStore;
  readonly Follower?: typeof PurgeFollower;
}

/** A cache, and the follower that tells it of purges. */
export interface EdgeCore extends CacheContext {
  readonly follower: PurgeFollower;
}

/** Real parts, as `edge/edge.ts` puts them together, without sockets. */
export function edgeCore(
  { clock, origin, purgeLog, leaseMs, fence = new Fence() }: Surroundings,
  { Store = MemoryStore, Follower = PurgeFollower }: Classes = {},
): EdgeCore {
  const store = new Store({ maxBytes: MEMORY, eviction: () => evictionBy("adaptive"), clock });
  const follower = new Follower({ leaseMs, purgeLog, store, fence, clock, log });
  const origins = new Map([["default", origin]]);
  const siteRules = new Map([["default", RFC_RULES]]);
  const parts = { id: "edge-1", origins, siteRules, store, purges: follower, clock, log };
  return { ...cacheOf(parts, MEMORY), follower };
}

export function ask(
  question: Pick<Question, "method" | "target" | "fields">,
  edge: CacheContext,
): Promise<Served> {
  const { method, target, fields } = question;
  return serve(
    {
      method,
      target,
      site: "default",
      fields: Fields.of(fields),
      scheme: "http",
      authority: "edge.test",
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
