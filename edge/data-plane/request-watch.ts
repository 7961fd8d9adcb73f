import { Omitted } from "../../http/access-log/omitted.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { Exchange, ExchangeEnd } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { Clock } from "../../process/clock.ts";
import type { SeenRequest, SeenRequests } from "../cache/seen-requests.ts";
import type { Addressing } from "./addressing.ts";
import { askedBy } from "./asked-by.ts";
import type { HitNote, HitNotes, LoggedAnswer } from "./hit-notes.ts";
import type { NotedRequest } from "./noted-request.ts";
import { RequestSampler } from "./request-sampler.ts";

// A person can follow a few lines a second. For the list of what is asked for most, a minute of these is enough.
const HITS_A_SECOND = 20;
// What is no hit is what one looks for. At 5 µs each they take less than a thousandth of a core.
const OTHERS_A_SECOND = 100;

// Longer than what people read, and the bound of what a table of them may take.
const MOST_URL = 512;

/** Picks requests of a data port for those who look at the edge. */
export class RequestWatch {
  readonly #seen: Pick<SeenRequests, "take">;
  readonly #addressing: Addressing;
  readonly #clock: Clock;
  readonly #omitted: Omitted;
  readonly #hits: RequestSampler;
  readonly #others: RequestSampler;

  constructor(
    seen: Pick<SeenRequests, "take">,
    addressing: Addressing,
    { clock, omit }: { readonly clock: Clock; readonly omit: readonly string[] },
  ) {
    this.#seen = seen;
    this.#addressing = addressing;
    this.#clock = clock;
    this.#omitted = new Omitted(omit);
    this.#hits = new RequestSampler(clock, HITS_A_SECOND);
    this.#others = new RequestSampler(clock, OTHERS_A_SECOND);
  }

  /** For the requests of one connection that are answered at once. */
  hitsOf(peer: Peer, notes: HitNotes | undefined): HitNotes {
    return new WatchedHits(this, peer, notes);
  }

  hit(
    peer: Peer,
    rules: HitNotes["rules"],
    [request, status, bytes, left, form]: Parameters<HitNotes["hit"]>,
  ): void {
    const weight = this.#hits.pick();
    if (weight === 0) return;
    const answer = { status, outcome: { kind: "hit", ttl: left, detail: form }, form, rules } as const;
    this.#see(request, peer, { answer, bytes, weight, status });
  }

  /** For a request on the full path, which is over. */
  ended({ request, peer, arrivedAt }: Exchange, noted: NotedRequest, end: ExchangeEnd): void {
    const { answer, bytes, names } = noted;
    const sampler = answer?.outcome.kind === "hit" ? this.#hits : this.#others;
    const weight = sampler.pick();
    if (weight === 0) return;
    const durationMs = this.#clock.monotonic() - arrivedAt;
    const status = noted.statusAt(end);
    this.#see(request, peer, { answer, bytes, weight, status, durationMs, requestId: names.id });
  }

  #see(
    request: RequestHead,
    peer: Peer,
    { answer, bytes, weight, status, durationMs = 0, requestId = "" }: Over,
  ): void {
    const {
      client,
      method = "",
      scheme,
      host,
      protocol = "",
      site = "",
    } = askedBy(request, peer, this.#addressing);
    const shows = (field: string, value: string): string => (this.#omitted.shows(field) ? value : "");
    const target = this.#omitted.target(request.path);
    this.#seen.take({
      wall: this.#clock.wall(),
      method: shows("method", method),
      url: `${scheme}://${shows("host", host ?? "")}${shows("target", target)}`.slice(0, MOST_URL),
      target,
      site,
      client: shows("client", client),
      status,
      bytes,
      durationMs,
      originMs: answer?.originMs ?? 0,
      outcome: answer?.outcome,
      validates: answer?.validates,
      vary: answer?.fields?.get("Vary") ?? "",
      protocol,
      requestId,
      rules: answer?.rules ?? [],
      weight,
    });
  }
}

/** What is known of a request that is over. */
interface Over extends Pick<SeenRequest, "bytes" | "weight" | "status"> {
  readonly answer: LoggedAnswer | undefined;
  readonly durationMs?: number;
  readonly requestId?: string | undefined;
}

/** The hits of one connection. */
class WatchedHits implements HitNotes {
  readonly #watch: RequestWatch;
  readonly #peer: Peer;
  readonly #notes: HitNotes | undefined;
  #rules: HitNotes["rules"];

  constructor(watch: RequestWatch, peer: Peer, notes: HitNotes | undefined) {
    this.#watch = watch;
    this.#peer = peer;
    this.#notes = notes;
  }

  set rules(rules: HitNotes["rules"]) {
    this.#rules = rules;
    if (this.#notes !== undefined) this.#notes.rules = rules;
  }

  hit(...hit: Parameters<HitNotes["hit"]>): HitNote | undefined {
    this.#watch.hit(this.#peer, this.#rules, hit);
    return this.#notes?.hit(...hit);
  }
}
