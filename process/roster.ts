/** A place in a roster. */
export class Place<T> {
  readonly member: T;
  /** Undefined: it has been left. */
  roster: Roster<T> | undefined;
  before: Place<T> | undefined;
  after: Place<T> | undefined;

  constructor(member: T, roster: Roster<T>, before: Place<T> | undefined) {
    this.member = member;
    this.roster = roster;
    this.before = before;
    this.after = undefined;
  }

  /** The member leaves. Harmless when it has left. */
  leave(): void {
    this.roster?.close(this);
  }
}

/**
 * What is under way, in the order in which it came; a member may leave from any place. It is for what comes and goes with
 * each request, where a Set or a Map would be dear. Such a table is made anew now and then, and the abandoned one names
 * the new one and what stood in it. Once one of them is old to the garbage collector, it keeps all those that follow, and
 * everything that was under way meanwhile, until the next full collection. A place that has been left names no other.
 */
export class Roster<T> implements Iterable<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  /** Behind all others. */
  add(member: T): Place<T> {
    const place = new Place(member, this, this.#last);
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    return place;
  }

  /** The member that has this place goes behind all others. Nothing is made for it. */
  renew(place: Place<T>): void {
    const last = this.#last;
    if (last === place || last === undefined || place.roster !== this) return;
    this.close(place);
    place.roster = this;
    place.before = last;
    last.after = place;
    this.#last = place;
  }

  get first(): Place<T> | undefined {
    return this.#first;
  }

  /** For `leave`. */
  close(place: Place<T>): void {
    const { before, after } = place;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.roster = undefined;
    place.before = undefined;
    place.after = undefined;
  }

  /** Nobody may leave meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let place = this.#first; place !== undefined; place = place.after) yield place.member;
  }
}
