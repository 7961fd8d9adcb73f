import { type Origin, type OriginRequest, type OriginResponse, plainBody } from "../../edge/origin/origin.ts";
import { formatHttpDate } from "../../http/message/date.ts";
import { Fields } from "../../http/message/fields.ts";
import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import type { Stage } from "./stage.ts";

/** What the origin says to one request. */
export interface OriginAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly text: string;
  /** In the picture. */
  readonly label: string;
}

/** Answers a request at the moment at which the origin reads it; "unreachable": nobody is there. */
export type OriginScript = (request: OriginRequest) => OriginAnswer | "unreachable";

export interface ScriptedOriginParts {
  readonly stage: Stage;
  readonly clock: Clock;
  readonly travelMs: number;
}

/** An origin that a lesson writes. It reads the page first, and then takes its time over the answer. */
export class ScriptedOrigin {
  readonly #parts: ScriptedOriginParts;
  /** For how long it works on each answer. */
  thinksMs = 0;
  /** It works on one answer after the other, so a crowd waits. */
  isSingle = false;
  #busyUntil = 0;
  /** Requests that have reached it. */
  asked = 0;
  sentBytes = 0;
  script: OriginScript = () => "unreachable";

  constructor(parts: ScriptedOriginParts) {
    this.#parts = parts;
  }

  /** As one edge sees it. */
  seenFrom(edge: string): Origin {
    return {
      fetch: (request) => this.#fetch(edge, request),
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  async #fetch(edge: string, request: OriginRequest): Promise<OriginResponse> {
    const { stage, clock, travelMs } = this.#parts;
    await stage.travel(edge, "origin", travelMs, "miss", questionLabel(request));
    this.asked += 1;
    const answer = this.script(request);
    await stage.pause(this.#workMs(clock.monotonic()));
    if (answer === "unreachable") {
      await stage.travel("origin", edge, travelMs, "error", "no answer");
      throw new Failure("connection_refused", "origin", "the origin is away");
    }
    const bytes = new TextEncoder().encode(answer.text);
    // The Date field is of the moment at which the answer was made, RFC 9110 section 6.6.1.
    const fields = Fields.of([["Date", formatHttpDate(clock.wall())], ...answer.fields]);
    this.sentBytes += bytes.byteLength;
    const tone = answer.status >= 500 ? "error" : "miss";
    await stage.travel("origin", edge, travelMs, tone, answer.label);
    return { status: answer.status, fields, body: plainBody(bytes) };
  }

  #workMs(now: number): number {
    const begins = this.isSingle ? Math.max(now, this.#busyUntil) : now;
    this.#busyUntil = begins + this.thinksMs;
    return this.#busyUntil - now;
  }
}

function questionLabel({ target, fields }: OriginRequest): string {
  return fields.has("If-None-Match") ? `${target} changed?` : target;
}
