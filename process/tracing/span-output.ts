import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { FinishedSpan } from "./span.ts";

export interface SpanOutputParts {
  /** Traces name the service after it. */
  readonly program: "edge" | "router";
  /** Which of several. */
  readonly instance: string;
  readonly clock: Pick<Clock, "wait">;
  readonly log: Log;
  /** Told how many spans were lost. */
  readonly dropped: (spans: number) => void;
}

/** Where the spans of all threads of a program end. */
export interface SpanOutput {
  take(spans: readonly FinishedSpan[]): void;
  /** Sends what waits, for a moment. */
  close(): Promise<void>;
}
