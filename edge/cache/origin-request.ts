import { fieldsForFill, fieldsForOrigin } from "../origin/forwarded-fields.ts";
import type { OriginRequest } from "../origin/origin.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { completion } from "../rules/partial.ts";
import { rangeOf } from "../rules/slice.ts";
import { conditionalFields } from "../rules/validation.ts";
import type { FillAim } from "./fill-aim.ts";

/** What the origin is asked for a fill with this aim. `more`: names of fields that it gets beside the usual ones. */
export function originRequest(request: CacheRequest, aim: FillAim, more: ReadonlySet<string>): OriginRequest {
  const { method, target, fields, slice } = request;
  switch (aim.kind) {
    case "whole": {
      // RFC 9110 section 13.1.2: to a POST they would forbid what it asks for.
      const asksAnew = aim.validating === undefined || method === "POST";
      const validators = asksAnew ? [] : conditionalFields(aim.validating);
      const asked = fieldsForFill(fields, validators, more);
      return { method, target, fields: slice === undefined ? asked : asked.with("Range", rangeOf(slice)) };
    }
    case "rest":
      return { method, target, fields: fieldsForFill(fields, completion(aim.of) ?? [], more) };
    case "range":
    case "own":
      return { method, target, fields: fieldsForOrigin(fields, more).without(["Content-Length"]) };
    case "as-asked":
      return aim.body === undefined
        ? { method, target, fields: fieldsForOrigin(fields, more).without(["Content-Length"]) }
        : { method, target, fields: fieldsForOrigin(fields, more), body: aim.body };
  }
}
