import { fieldOf, type Lines, linesOf, strongMatch, weakMatch } from "./message.ts";
import type { Exchange, Reply } from "./record.ts";
import { whyNotStored } from "./storing.ts";

/** The first and the last byte. */
export type Span = readonly [first: number, last: number];

/** Something that a cache may hold after an exchange, if it chose to store and to update whenever it may. */
export interface Snapshot {
  readonly target: string;
  /** Of the request that brought its status. */
  readonly method: string;
  readonly status: number;
  readonly fields: Lines;
  /** The whole representation, one character a byte. */
  readonly body: string;
  /** Which parts of it the cache can have. */
  readonly parts: readonly Span[];
  /** The exchanges that it is made of, the first that brought it and the last that confirmed it included. */
  readonly made: readonly Made[];
  /** The snapshot that the last exchange updated or completed; undefined when it brought everything. */
  readonly previous: Snapshot | undefined;
}

export type Made = Exchange & { readonly outcome: Reply };

/** The exchange that its times and its fields are from. */
export function lastOf(snapshot: Snapshot): Made {
  const last = snapshot.made.at(-1);
  if (last === undefined) throw new Error("a snapshot without an exchange");
  return last;
}

/** Why a shared cache may not have held what its last exchange updated; undefined when it may. */
export function whyNotHeld({ previous }: Snapshot): string | undefined {
  return previous === undefined ? undefined : whyNotKept(previous);
}

/** Why a shared cache may not hold it after its last exchange; undefined when it may. */
export function whyNotKept(snapshot: Snapshot): string | undefined {
  const { method, target, status, fields } = snapshot;
  const notHeld = whyNotHeld(snapshot);
  if (notHeld !== undefined) return notHeld;
  const broken = snapshot.made.find(({ outcome }) => outcome.ending.kind !== "whole");
  if (broken !== undefined) return `exchange ${broken.id} is not whole`;
  const { cause, request, method: asked } = lastOf(snapshot);
  // Once the answer to a GET says that it holds, it is an answer to GET.
  const answers = asked === "GET" ? asked : method;
  return whyNotStored({ method: answers, target, status, fields, request: cause?.fields ?? request });
}

/** Everything that a cache may hold because of `exchange`, given what it may have held before. */
export function snapshotsOf(exchange: Made, held: readonly Snapshot[]): readonly Snapshot[] {
  const { outcome } = exchange;
  const before = held.filter(
    ({ target, method, made }) => target === exchange.target && method !== "HEAD" && !made.some(isBroken),
  );
  if (outcome.status === 304)
    return before.filter((old) => confirms(exchange, old)).map((old) => updated(old, exchange));
  const fresh: Snapshot = {
    target: exchange.target,
    method: exchange.method,
    status: outcome.status,
    fields: outcome.fields,
    body: outcome.representation,
    parts: outcome.content === "" ? [] : [partOf(outcome)],
    made: [exchange],
    previous: undefined,
  };
  if (exchange.method === "HEAD") {
    const same = outcome.status === 200 ? before.filter((old) => describes(exchange, old)) : [];
    return [fresh, ...same.map((old) => updated(old, exchange))];
  }
  if (outcome.status !== 206) return [fresh];
  return [
    fresh,
    ...before.filter((old) => combines(exchange, old)).flatMap((old) => combined(old, exchange)),
  ];
}

function isBroken({ outcome }: Made): boolean {
  return outcome.ending.kind === "broken";
}

function partOf({ status, content, fields }: Reply): Span {
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(fieldOf(fields, "Content-Range") ?? "") ?? [];
  return status === 206 ? [Number(first), Number(last)] : [0, content.length - 1];
}

/** RFC 9111 section 4.3.4: whether a 304 says that `old` still holds. */
function confirms(exchange: Made, old: Snapshot): boolean {
  const { fields } = exchange.outcome;
  const tag = fieldOf(fields, "ETag");
  const ours = fieldOf(old.fields, "ETag");
  if (tag !== undefined && !tag.startsWith("W/")) return ours !== undefined && strongMatch(tag, ours);
  if (tag !== undefined) return ours !== undefined && weakMatch(tag, ours);
  const modified = fieldOf(fields, "Last-Modified");
  if (modified !== undefined) return modified === fieldOf(old.fields, "Last-Modified");
  // It names no validator, so it is about what the request named.
  const asked = fieldOf(exchange.request, "If-None-Match");
  if (asked !== undefined) return ours !== undefined && asked.includes(ours.replace(/^W\//, ""));
  return fieldOf(exchange.request, "If-Modified-Since") !== undefined;
}

/** RFC 9111 section 4.3.5: whether what HEAD says may be said of `old`. */
function describes(exchange: Made, old: Snapshot): boolean {
  const { fields } = exchange.outcome;
  const same = (name: string): boolean => {
    const said = fieldOf(fields, name);
    return said === undefined || said === fieldOf(old.fields, name);
  };
  const length = fieldOf(fields, "Content-Length");
  return (
    same("ETag") && same("Last-Modified") && (length === undefined || Number(length) === old.body.length)
  );
}

/** RFC 9111 section 3.4: only parts with the same strong validator are of one representation. */
function combines(exchange: Made, old: Snapshot): boolean {
  const [tag, ours] = [fieldOf(exchange.outcome.fields, "ETag"), fieldOf(old.fields, "ETag")];
  return tag !== undefined && ours !== undefined && strongMatch(tag, ours);
}

function updated(old: Snapshot, exchange: Made): Snapshot {
  return {
    ...old,
    fields: replaced(old.fields, exchange.outcome.fields),
    made: [...old.made, exchange],
    previous: old,
  };
}

function combined(old: Snapshot, exchange: Made): readonly Snapshot[] {
  const both = { ...updated(old, exchange), status: 200, parts: [...old.parts, partOf(exchange.outcome)] };
  return [
    { ...both, fields: withoutRange(both.fields) },
    { ...both, fields: withoutRange(exchange.outcome.fields) },
  ];
}

function withoutRange(fields: Lines): Lines {
  return fields.filter(([name]) => name.toLowerCase() !== "content-range");
}

/** RFC 9111 section 3.2: whatever the new message has replaces the old, except Content-Length. */
function replaced(old: Lines, by: Lines): Lines {
  const taken = by.filter(([name]) => name.toLowerCase() !== "content-length");
  const kept = old.filter(([name]) => linesOf(taken, name).length === 0);
  return [...kept, ...taken];
}

/** One for each that differs in what a client could notice: the one with the longest history, which explains most. */
export function distinct(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  const found = new Map<string, Snapshot>();
  for (const snapshot of snapshots) {
    const { made, fields, parts } = snapshot;
    const likeness = JSON.stringify([made[0]?.id, fields, parts, whyNotHeld(snapshot)]);
    const same = found.get(likeness);
    if (same === undefined || same.made.length < made.length) found.set(likeness, snapshot);
  }
  return [...found.values()];
}

/** Whether a purge names it (by its fields as they are now). */
export function tagsOf(snapshot: Snapshot): readonly string[] {
  return (fieldOf(snapshot.fields, "Cache-Tag") ?? "").split(",").map((tag) => tag.trim());
}

/** Whether every byte of first to last can be held. */
export function holds({ parts }: Snapshot, [first, last]: Span): boolean {
  for (let at = first; at <= last; at += 1) {
    if (!parts.some(([from, to]) => from <= at && at <= to)) return false;
  }
  return true;
}
