import { pino } from "pino";
import type { Served } from "../../edge/cache/answer.ts";
import { type CacheContext, cacheOf } from "../../edge/cache/context.ts";
import { cacheStatusMember } from "../../edge/cache/outcome.ts";
import { serve } from "../../edge/cache/serve.ts";
import { PurgeFollower } from "../../edge/purging/follower.ts";
import type { FollowerParts } from "../../edge/purging/follower-parts.ts";
import { cacheKey } from "../../edge/rules/cache-key.ts";
import { ttl } from "../../edge/rules/freshness.ts";
import { momentOf } from "../../edge/rules/moment.ts";
import { SAFE_RULES, type SiteRules } from "../../edge/rules/site-rules.ts";
import { evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import type { StoredResponse } from "../../edge/store/stored-response.ts";
import { Fields } from "../../http/message/fields.ts";
import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import type { LinkedPurgeLog } from "./linked-purge-log.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

// Far more than the few pages of a lesson.
const MEMORY_BYTES = 1024 * 1024;
const SITE = "default";

const silent: Log = pino({ level: "silent" });

/** The parts of an edge that a lesson may take out or replace. */
export interface EdgeVariant {
  readonly follower?: (parts: FollowerParts) => PurgeFollower;
  readonly rules?: Partial<SiteRules>;
  /** What the edge that serves is made into, at the end. */
  readonly context?: (context: CacheContext) => CacheContext;
}

export interface LessonEdgeParts {
  readonly id: string;
  readonly clock: Clock;
  readonly origin: ScriptedOrigin;
  readonly purgeLog: LinkedPurgeLog;
  readonly leaseMs: number;
  readonly variant: EdgeVariant;
}

export interface Question {
  readonly target: string;
  readonly method?: string;
  readonly fields?: readonly (readonly [string, string])[];
}

/** What the client got. */
export interface Answer {
  readonly served: Served;
  readonly text: string;
  readonly outcome: Served["outcome"]["kind"];
  /** As the field of this name says it. */
  readonly cacheStatus: string;
}

/** The core of an edge: the parts that edge/edge.ts puts together, without sockets and threads. */
export class LessonEdge {
  readonly id: string;
  readonly follower: PurgeFollower;
  readonly purgeLog: LinkedPurgeLog;
  readonly #context: CacheContext;
  readonly #clock: Clock;

  constructor({ id, clock, origin, purgeLog, leaseMs, variant }: LessonEdgeParts) {
    this.id = id;
    this.purgeLog = purgeLog;
    this.#clock = clock;
    const store = new MemoryStore({ maxBytes: MEMORY_BYTES, eviction: () => evictionBy("adaptive"), clock });
    const following = { leaseMs, purgeLog, store, clock, log: silent };
    this.follower = variant.follower?.(following) ?? new PurgeFollower(following);
    const context = cacheOf(
      {
        id,
        origins: new Map([[SITE, origin.seenFrom(id)]]),
        siteRules: new Map([[SITE, { ...SAFE_RULES, ...variant.rules }]]),
        store,
        purges: this.follower,
        clock,
        log: silent,
      },
      MEMORY_BYTES,
    );
    this.#context = variant.context?.(context) ?? context;
  }

  start(): Promise<void> {
    return this.follower.start({
      edge: this.id,
      bootId: `${this.id}-1`,
      grpcAddress: "127.0.0.1:50051",
      httpAddress: "127.0.0.1:8081",
    });
  }

  async answer({ target, method = "GET", fields = [] }: Question): Promise<Answer> {
    const request = {
      ...{ method, target, site: SITE, fields: Fields.of(fields), scheme: "http" as const },
      ...{ authority: "www.example", body: undefined },
    };
    const served = await serve(request, this.#context);
    return {
      served,
      text: await textOf(served),
      outcome: served.outcome.kind,
      cacheStatus: cacheStatusMember(this.id, served.outcome),
    };
  }

  /** Every stored response for a target, the least recently stored first. */
  stored(target: string): readonly StoredResponse[] {
    return this.#context.store.peek(cacheKey({ site: SITE, target }));
  }

  storedTexts(target: string): readonly string[] {
    return this.stored(target).map(({ chunks }) => textIn(chunks));
  }

  /** How many responses are stored. */
  get objects(): number {
    return this.#context.store.objects;
  }

  /** What it holds of a target, for the picture. */
  holdings(target: string): readonly string[] {
    const now = momentOf(this.#clock);
    const lines = this.stored(target).flatMap((stored) => {
      const left = ttl(stored, now);
      return [textIn(stored.chunks), left > 0 ? `fresh for ${left} s` : "stale"];
    });
    return lines.length === 0 ? ["holds nothing"] : lines;
  }
}

async function textOf({ content }: Served): Promise<string> {
  switch (content.kind) {
    case "none":
      return "";
    case "bytes":
      return textIn(content.chunks);
    case "stream": {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content.read(0)) chunks.push(chunk);
      return textIn(chunks);
    }
  }
}

function textIn(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
}
