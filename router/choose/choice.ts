/** Why the first of the edges is the first. */
export type ChoiceReason =
  /** None is alive. */
  | "no-edge"
  /** No other one is alive. */
  | "only"
  /** No edge is serving: lapsed and draining ones are all there is. */
  | "none-serving"
  /** It is expected to answer soonest. */
  | "nearest"
  /** Another one is nearer, but not by enough to leave this one. */
  | "near-enough"
  /** Another one is nearer, but this one is of the client's region. */
  | "in-region"
  /** Requests are moving to another one, and this one has not moved yet. */
  | "moving"
  /** It stands in for one that starts slowly. */
  | "slow-start"
  /** The less loaded of two that were drawn (policy balanced). */
  | "less-loaded"
  /** The nearer of the two that own this key (policy owner). */
  | "owner"
  /** The owners of this key have more requests than their part (policy owner). */
  | "owners-full";

/** The edges to try, best first. */
export interface Choice<E> {
  readonly edges: readonly E[];
  readonly reason: ChoiceReason;
}
