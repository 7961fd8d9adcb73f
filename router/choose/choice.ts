/** Why the first edge was chosen: a word for programs, and text that follows "because". */
export const CHOICE_REASONS = {
  "no-edge": "no edge is alive",
  only: "no other edge is alive",
  "none-serving": "no edge is serving, and a lapsed or draining edge is better than none",
  nearest: "it has the lowest expected time",
  "near-enough": "another edge is nearer, but not by enough to leave this one",
  "in-region": "it is in the client's region, although another edge is nearer to the router",
  moving: "requests are moving from it to another edge, and these have not moved yet",
  "slow-start": "it stands in for a nearer edge in its slow start",
  "less-loaded": "it is the less loaded of two edges drawn at random",
  owner: "it is the nearer of the two edges that own this URL",
  "owners-full": "the owners of this URL have more requests than their part",
} as const;

export type ChoiceReason = keyof typeof CHOICE_REASONS;

/** The edges to try, best first. */
export interface Choice<E> {
  readonly edges: readonly E[];
  readonly reason: ChoiceReason;
}
