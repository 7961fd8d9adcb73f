import type { Fields } from "../http/fields.ts";
import { type Content, NO_CONTENT, sliceContent } from "./content.ts";
import { contentRange, resolveRange } from "./rules/range.ts";
import type { CacheRequest } from "./rules/stored-head.ts";
import { preconditions } from "./rules/validation.ts";

/** The part of an answer that a client's preconditions and range choose. */
export interface Represented {
  readonly status: number;
  readonly fields: Fields;
  readonly content: Content;
}

// RFC 9110 section 15.4.5: what a 304 carries of the response that it stands for.
const NOT_IN_304 = [
  "Content-Length",
  "Content-Encoding",
  "Content-Language",
  "Content-Range",
  "Content-Type",
  "Accept-Ranges",
];

/** Answers the client's own preconditions and range from a whole response. */
export function represent(
  request: CacheRequest,
  head: { readonly status: number; readonly fields: Fields },
  content: Content,
): Represented {
  switch (preconditions(request, head)) {
    case "not-modified":
      cancel(content);
      return { status: 304, fields: head.fields.without(NOT_IN_304), content: NO_CONTENT };
    case "precondition-failed":
      cancel(content);
      return { status: 412, fields: head.fields.without(NOT_IN_304), content: NO_CONTENT };
    case "proceed":
      return inRange(request, head, content);
  }
}

function inRange(
  request: CacheRequest,
  head: { readonly status: number; readonly fields: Fields },
  content: Content,
): Represented {
  const whole: Represented = { ...head, content };
  if (content.kind === "none" || content.length === undefined || request.method !== "GET") return whole;
  const range = resolveRange(request, head, content.length);
  switch (range.kind) {
    case "whole":
      return whole;
    case "unsatisfiable":
      cancel(content);
      return {
        status: 416,
        fields: head.fields.without(NOT_IN_304).with("Content-Range", `bytes */${content.length}`),
        content: NO_CONTENT,
      };
    case "parts": {
      const [part, ...more] = range.parts;
      // RFC 9110 section 14.2: a server may ignore a Range; several parts are not worth a copy of the body.
      if (part === undefined || more.length > 0) return whole;
      return {
        status: 206,
        fields: head.fields
          .with("Content-Range", contentRange(part, content.length))
          .with("Content-Length", String(part.last - part.first + 1)),
        content: sliceContent(content, part.first, part.last),
      };
    }
  }
}

function cancel(content: Content): void {
  if (content.kind === "stream") content.cancel();
}
