import type { Span } from "../../process/tracing/tracer.ts";
import type { FillAim } from "./fill-aim.ts";
import type { FillRequest } from "./fill-request.ts";
import type { AskedPeers } from "./peers/peer-choice.ts";
import type { Semaphore } from "./semaphore.ts";

/** One fetch from the origin. */
export interface FillPlan {
  readonly request: FillRequest;
  readonly key: string;
  readonly aim: FillAim;
  /** Where it waits for its turn; undefined: it is fetched at once. */
  readonly limiter?: Semaphore | undefined;
  /** Whom it asks before the origin; undefined: nobody. */
  readonly peer?: AskedPeers | undefined;
  /** Of the fill, when it was begun earlier. */
  readonly span?: Span | undefined;
}
