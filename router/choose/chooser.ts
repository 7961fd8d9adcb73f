import { hashText } from "../../http/message/rendezvous.ts";
import { type Candidate, type ChoosableEdge, candidateOf, LOOKAHEAD_MS } from "./candidate.ts";
import type { Choice } from "./choice.ts";
import { type ClientRegions, regionOf } from "./client-regions.ts";
import { MARGINS, type Margins } from "./hysteresis.ts";
import { type Policy, pickEdge, type Random } from "./pick-edge.ts";
import { type Ranking, rank } from "./ranking.ts";
import type { RouteRequest } from "./route-request.ts";

export interface ChooserSettings {
  readonly policy: Policy;
  readonly regions: ClientRegions;
  /** Random at each start, so that routers break ties differently. */
  readonly routerId: string;
  readonly random: Random;
  /** Overrides for the simulation, which shows what each rule is for. */
  readonly rules?: Partial<ChoiceRules>;
}

export interface ChoiceRules extends Margins {
  /** How far ahead the queue of an edge is predicted. */
  readonly lookaheadMs: number;
}

const RULES: ChoiceRules = { ...MARGINS, lookaheadMs: LOOKAHEAD_MS };

/** The figures behind one choice. */
export interface Explanation<E> extends Choice<E> {
  readonly policy: Policy;
  /** The client's region, if it is in the table. */
  readonly region: string | undefined;
  readonly ranking: Ranking<E>;
}

/**
 * The choices of one router. It ranks the edges when a Ping changes something, so that a request costs about a
 * microsecond. There is one ranking for each region, and one for clients without a known region.
 */
export class Chooser<E extends ChoosableEdge> {
  readonly #settings: ChooserSettings;
  readonly #routerHash: number;
  readonly #rules: ChoiceRules;
  /** The key undefined has the ranking for clients without a known region. */
  readonly #rankings = new Map<string | undefined, Ranking<E>>();

  constructor(settings: ChooserSettings) {
    this.#settings = settings;
    this.#routerHash = hashText(settings.routerId);
    this.#rules = { ...RULES, ...settings.rules };
    this.update([], Number.NEGATIVE_INFINITY);
  }

  /** Call it after every change: a Ping, an ejection, an edge that joins or leaves. */
  update(edges: readonly E[], now: number): void {
    const candidates: Candidate<E>[] = [];
    for (const edge of edges) {
      const candidate = candidateOf(edge, now, this.#rules.lookaheadMs);
      if (candidate !== undefined) candidates.push(candidate);
    }
    this.#rankFor(undefined, candidates, now);
    for (const region of this.#settings.regions.keys()) this.#rankFor(region, candidates, now);
  }

  /** The edges to try for this request, best first. */
  choose(request: RouteRequest): Choice<E> {
    const { policy, random } = this.#settings;
    return pickEdge(policy, this.rankingFor(request), request, random);
  }

  /** A choice for such a request, with its figures. The next request may get another one by chance. */
  explain(request: RouteRequest): Explanation<E> {
    const { policy, regions } = this.#settings;
    const region = regionOf(request.region, regions);
    return { ...this.choose(request), policy, region, ranking: this.rankingFor(request) };
  }

  rankingFor({ region }: Pick<RouteRequest, "region">): Ranking<E> {
    const ranking = this.#rankings.get(regionOf(region, this.#settings.regions));
    if (ranking === undefined) throw new Error("every region of the table was ranked at the start");
    return ranking;
  }

  #rankFor(region: string | undefined, candidates: readonly Candidate<E>[], now: number): void {
    const before = this.#rankings.get(region);
    const edges = region === undefined ? undefined : this.#settings.regions.get(region);
    this.#rankings.set(
      region,
      rank(candidates, before, now, {
        routerHash: this.#routerHash,
        draw: this.#settings.random(),
        region: edges,
        margins: this.#rules,
      }),
    );
  }
}
