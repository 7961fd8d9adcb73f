import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { GiveUpSignal } from "./give-up.ts";
import {
  addConnections,
  isRepeatable,
  type OriginConnections,
  type OriginRequest,
  type OriginResponse,
  type ReplaceableOrigin,
} from "./origin.ts";
import { OriginFailure } from "./origin-error.ts";

export interface FailoverOptions {
  /** The preferred one first; the names are for the log. At least one. */
  readonly members: readonly { readonly name: string; readonly origin: ReplaceableOrigin }[];
  readonly clock: Clock;
  /** From 0 to 1, such as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

interface Member {
  readonly name: string;
  readonly origin: ReplaceableOrigin;
  health: OriginHealth;
  /** Requests that it has not answered yet. */
  asked: number;
  /** Probes go on until it is reached. */
  probed: boolean;
}

// Failures that show that an origin is down. Other failures concern one resource, or come from this edge.
const SIGNS_OF_ABSENCE: ReadonlySet<string> = new Set([
  "dns_error",
  "destination_ip_unroutable",
  "connection_refused",
  "connection_terminated",
  "connection_timeout",
  "tls_protocol_error",
  "tls_certificate_error",
  "tls_alert_received",
  "http_response_timeout",
]);

/**
 * Several origins with the same content. The first that is up is asked; when it gives nothing, the next one is asked
 * where that is safe: for an idempotent request without a body. One that gives nothing several times in a row is
 * down and is asked no more, until a probe has reached it and a first request was answered. When all are down, all
 * are tried, since one may be back.
 */
export class FailoverOrigin implements ReplaceableOrigin {
  readonly #members: readonly Member[];
  readonly #options: FailoverOptions;
  readonly #closing = new AbortController();

  constructor(options: FailoverOptions) {
    this.#options = options;
    this.#members = options.members.map((member) => ({
      ...member,
      health: HEALTHY,
      asked: 0,
      probed: false,
    }));
  }

  /** Fails as the last one that was asked. */
  async fetch(request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse> {
    let failure: unknown;
    for (const member of this.#candidates(request)) {
      try {
        return await this.#ask(member, request, signal);
      } catch (thrown) {
        const unanswered = thrown instanceof OriginFailure && thrown.received === "nothing";
        if (signal.aborted || !unanswered || !isRepeatable(request)) throw thrown;
        failure = thrown;
      }
    }
    throw failure;
  }

  /** Resolves when one of them can be reached. */
  async probe(): Promise<void> {
    try {
      await Promise.any(this.#members.map(({ origin }) => origin.probe()));
    } catch (thrown) {
      const reasons: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
      const known = reasons.find((reason) => reason instanceof OriginFailure);
      const message = reasons.map(describeError).join("; ");
      throw new OriginFailure(known?.code ?? "destination_unavailable", "nothing", message, thrown);
    }
  }

  get connections(): OriginConnections {
    return addConnections(this.#members.map(({ origin }) => origin.connections));
  }

  async retire(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#members.map(({ origin }) => origin.retire()));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#members.map(({ origin }) => origin.close()));
  }

  #candidates(request: OriginRequest): readonly Member[] {
    const usable = this.#members.filter((member) => isUsable(member, request));
    return usable.length > 0 ? usable : this.#members;
  }

  async #ask(member: Member, request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse> {
    member.asked += 1;
    try {
      const response = await member.origin.fetch(request, signal);
      if (member.health.kind !== "up") this.#options.log.info({ origin: member.name }, "origin is up");
      member.health = HEALTHY;
      return response;
    } catch (thrown) {
      const absent = thrown instanceof OriginFailure && SIGNS_OF_ABSENCE.has(thrown.code);
      if (absent && !signal.aborted) this.#failed(member, thrown);
      throw thrown;
    } finally {
      member.asked -= 1;
    }
  }

  #failed(member: Member, failure: OriginFailure): void {
    member.health = afterFailure(member.health);
    if (member.health.kind !== "down" || member.probed) return;
    this.#options.log.warn({ origin: member.name, cause: describeError(failure) }, "origin is down");
    void this.#probeUntilReached(member);
  }

  /** Never rejects. Ends early when it answers a request all the same, or when we are closed. */
  async #probeUntilReached(member: Member): Promise<void> {
    const { clock, random } = this.#options;
    member.probed = true;
    while (member.health.kind === "down" && !this.#closing.signal.aborted) {
      const delay = probeDelayMs(member.health.probes, random());
      if (!(await succeeds(clock.wait(delay, this.#closing.signal)))) break;
      member.health = afterProbe(member.health, await succeeds(member.origin.probe()));
    }
    member.probed = false;
  }
}

function isUsable({ health, asked }: Member, request: OriginRequest): boolean {
  switch (health.kind) {
    case "up":
      return true;
    case "trial":
      return asked === 0 && isRepeatable(request);
    case "down":
      return false;
  }
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** The health of an origin, as the outcomes of its requests show it. */
export type OriginHealth =
  /** `failures` in a row since its last response. */
  | { readonly kind: "up"; readonly failures: number }
  /** Not asked; `probes` have not reached it since. */
  | { readonly kind: "down"; readonly probes: number }
  /** Reached by a probe. That it takes a connection does not say that it answers: one request may find out. */
  | { readonly kind: "trial"; readonly probes: number };

export const HEALTHY: OriginHealth = { kind: "up", failures: 0 };

// One failure may be a restart or a lost packet; each one more costs a client the timeout.
const FAILURES_TO_BE_DOWN = 3;
// Soon enough that a restart is hardly noticed, at a cost of one connection.
const FIRST_PROBE_MS = 1_000;
// How long an origin that is back after a long time may stay unused.
const LONGEST_BETWEEN_PROBES_MS = 60_000;

/** The origin sent no response. */
export function afterFailure(health: OriginHealth): OriginHealth {
  switch (health.kind) {
    case "up": {
      const failures = health.failures + 1;
      return failures < FAILURES_TO_BE_DOWN ? { kind: "up", failures } : { kind: "down", probes: 0 };
    }
    case "trial":
      return { kind: "down", probes: health.probes };
    case "down":
      return health;
  }
}

export function afterProbe(health: OriginHealth, reached: boolean): OriginHealth {
  if (health.kind !== "down") return health;
  return { kind: reached ? "trial" : "down", probes: health.probes + 1 };
}

/**
 * Milliseconds until the next probe: twice as long each time. `jitter` from 0 to 1 takes up to a half of it off, so
 * that the edges that lost an origin together do not come back to it together.
 */
export function probeDelayMs(probes: number, jitter: number): number {
  const longest = Math.min(FIRST_PROBE_MS * 2 ** probes, LONGEST_BETWEEN_PROBES_MS);
  return longest * (1 - jitter / 2);
}
