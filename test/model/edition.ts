import type { Publication } from "./history.ts";
import {
  dateOf,
  dateText,
  fieldOf,
  type Line,
  type Lines,
  membersOf,
  strongMatch,
  weakMatch,
} from "./message.ts";
import type { Exchange, Reply } from "./record.ts";

/** The current representation of a target at the origin. */
export interface Edition {
  readonly publication: Publication;
  /** Told apart by its content. */
  readonly version: number;
  /** Milliseconds, a whole second. */
  readonly modifiedAt: number;
}

export type Sent = Pick<Reply, "status" | "fields" | "content" | "representation">;

/** The answer of a well-behaved origin: it obeys conditions and ranges of GET and HEAD as RFC 9110 says. */
export function sentBy(edition: Edition, exchange: Exchange): Sent {
  const { publication } = edition;
  const { method, request, requestTime } = exchange;
  const variant = variantOf(publication, request);
  const empty = publication.status === 204;
  const whole = empty
    ? ""
    : `${publication.target}#${edition.version}[${variant}]${"=".repeat(publication.padding)}`;
  const tag = tagOf(edition, variant);
  const always: Line[] = [["X-Exchange", String(exchange.id)], ...general(publication, requestTime)];
  const validators: Line[] = [];
  if (tag !== undefined) validators.push(["ETag", tag]);
  if (publication.modified !== undefined) validators.push(["Last-Modified", dateText(edition.modifiedAt)]);
  const described: Line[] = [
    ...always,
    ...validators,
    ["Content-Type", "text/plain"],
    ["X-Mine", variant],
    ["X-Twice", "1"],
    ["X-Twice", `v${edition.version}`],
  ];
  const sized = (length: number): Line[] =>
    publication.contentLength ? [["Content-Length", String(length)]] : [];

  if (method === "POST") {
    const { location } = publication;
    const named: Line[] =
      location === undefined
        ? []
        : [
            ["Location", location],
            ["Content-Location", location],
          ];
    return {
      status: publication.status,
      fields: [...described, ...named],
      content: whole,
      representation: whole,
    };
  }
  if (
    publication.status === 200 &&
    notModified(request, tag, publication.modified === undefined ? undefined : edition.modifiedAt)
  ) {
    const fields = publication.bare304 ? always : [...always, ...validators];
    return { status: 304, fields, content: "", representation: whole };
  }
  if (method === "HEAD") {
    return {
      status: publication.status,
      fields: [...described, ...sized(whole.length)],
      content: "",
      representation: whole,
    };
  }
  const range = publication.status === 200 ? rangeOf(request, tag, whole.length) : undefined;
  if (range === "unsatisfiable") {
    return {
      status: 416,
      fields: [...always, ["Content-Range", `bytes */${whole.length}`]],
      content: "",
      representation: "",
    };
  }
  if (range !== undefined) {
    const [first, last] = range;
    const content = whole.slice(first, last + 1);
    const fields: Lines = [
      ...described,
      ["Content-Range", `bytes ${first}-${last}/${whole.length}`],
      ...sized(content.length),
    ];
    return { status: 206, fields, content, representation: whole };
  }
  return {
    status: publication.status,
    fields: [...described, ...(empty ? [] : sized(whole.length))],
    content: whole,
    representation: whole,
  };
}

/** The content in the two chunks that it comes in. */
export function contentsOf(content: string): readonly [Uint8Array, Uint8Array] {
  const half = Math.ceil(content.length / 2);
  return [Buffer.from(content.slice(0, half)), Buffer.from(content.slice(half))];
}

function general(publication: Publication, now: number): Line[] {
  const { control, targeted, expires, age, date, vary, cacheTag, hop } = publication;
  const lines: Line[] = control.map((value): Line => ["Cache-Control", value]);
  const said = now + (date ?? 0) * 1000;
  if (targeted !== undefined) lines.push(targeted);
  if (date !== undefined) lines.push(["Date", dateText(said)]);
  if (expires !== undefined)
    lines.push(["Expires", typeof expires === "string" ? expires : dateText(said + expires * 1000)]);
  if (age !== undefined) lines.push(["Age", age]);
  if (vary !== undefined) lines.push(["Vary", vary]);
  if (cacheTag !== undefined) lines.push(["Cache-Tag", cacheTag]);
  if (hop) lines.push(["Connection", "X-Hop"], ["X-Hop", "1"]);
  return lines;
}

/** The request fields that choose the content, as they were sent. */
function variantOf({ vary = "" }: Publication, request: Lines): string {
  const names =
    vary === "*" ? ["Accept-Language", "Accept-Encoding", "X-Any"] : membersOf([["Vary", vary]], "Vary");
  return names.map((name) => fieldOf(request, name) ?? "-").join("|");
}

function tagOf({ publication, version }: Edition, variant: string): string | undefined {
  // No commas and spaces, which lists of tags are split at.
  const name = `${version}.${variant.replace(/[^\w|-]/g, (each) => each.charCodeAt(0).toString(16))}`;
  switch (publication.tag) {
    case "strong":
      return `"${name}"`;
    case "weak":
      return `W/"${name}"`;
    // Every version means the same to this origin.
    case "lasting":
      return 'W/"lasting"';
    case undefined:
      return undefined;
  }
}

/** RFC 9110 section 13.2.2. */
function notModified(request: Lines, tag: string | undefined, modifiedAt: number | undefined): boolean {
  const tags = membersOf(request, "If-None-Match");
  if (tags.length > 0)
    return tags.some((each) => each === "*" || (tag !== undefined && weakMatch(each, tag)));
  const since = dateOf(fieldOf(request, "If-Modified-Since"));
  return since !== undefined && modifiedAt !== undefined && modifiedAt <= since;
}

/** RFC 9110 section 14.2. */
function rangeOf(
  request: Lines,
  tag: string | undefined,
  length: number,
): readonly [number, number] | "unsatisfiable" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(fieldOf(request, "Range") ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  const condition = fieldOf(request, "If-Range");
  if (condition !== undefined && (tag === undefined || !strongMatch(condition, tag))) return undefined;
  const first = from === "" ? Math.max(0, length - Number(to)) : Number(from);
  const last = from === "" || to === "" ? length - 1 : Math.min(Number(to), length - 1);
  return first >= length || first > last ? "unsatisfiable" : [first, last];
}
