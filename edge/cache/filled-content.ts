import { bytesContent, type Filled } from "./answer.ts";
import type { CacheContext } from "./context.ts";
import type { FillRequest } from "./fill-request.ts";
import type { Represented } from "./representation.ts";
import { readShared } from "./slow-reader.ts";

/** The response of a fill, for the request that started the fill, or for one that has joined it. */
export function headAndContent(
  request: FillRequest,
  filled: Filled,
  as: "starter" | "joined",
  edge: CacheContext,
): Represented {
  switch (filled.kind) {
    case "validated":
      return { ...filled.response, content: bytesContent(filled.response.chunks) };
    case "for-one":
      return filled;
    case "shared": {
      const { response, body, starter, starterFields, length } = filled;
      const head = {
        status: response.status,
        fields: as === "starter" ? starterFields : response.clientFields,
      };
      // Of a body that arrives, several ranges are not put together. One that has come whole is no other case.
      if (body.whole !== undefined && !request.fields.has("Range"))
        return { ...head, content: bytesContent(body.whole) };
      const reader = as === "starter" ? starter : body.join();
      return {
        ...head,
        content: {
          kind: "stream",
          length,
          read: (from) => readShared(reader, from, request, response, edge),
          cancel: () => reader.leave(),
        },
      };
    }
  }
}
