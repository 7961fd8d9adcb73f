import { setting } from "../../process/settings/program.ts";
import { duration } from "../../process/settings/values.ts";

/** How long a router waits for an edge, in milliseconds. */
export interface EdgePatience {
  /** Until its answer begins. */
  readonly firstByte: number;
  /** Between two pieces of it. */
  readonly betweenBytes: number;
}

const SECOND_MS = 1_000;
// A rule of a site gives its origin an hour at most.
const LONGEST_MS = 2 * 3_600 * SECOND_MS;

export const edgePatienceSettings = {
  firstByte: setting({
    type: duration(SECOND_MS, LONGEST_MS),
    // An edge answers 504 itself when its origin takes more than 5 s to connect and 30 s to begin; it is not cut before.
    default: 40 * SECOND_MS,
    help: "How long an edge may take to begin its answer; then the client gets 504. It must be longer than timeouts.first-byte in the rules of every site, or edges count as failed that wait for an origin.",
  }),
  betweenBytes: setting({
    type: duration(SECOND_MS, LONGEST_MS),
    // An edge cuts an answer whose origin is silent for 30 s; after a longer silence the edge itself is at fault.
    default: 60 * SECOND_MS,
    help: "How long an edge may be silent in an answer; then it is cut. It must be longer than timeouts.between-bytes in the rules of every site.",
  }),
} as const;

export const defaultPatience: EdgePatience = {
  firstByte: edgePatienceSettings.firstByte.default,
  betweenBytes: edgePatienceSettings.betweenBytes.default,
};
