import { PLAIN_TEXT, reasonOf, type WholeResponse } from "../http/server/error-response.ts";

/** RFC 9110 section 15.4.8: the same method and content, at this edge; for this time only. */
export function redirectResponse(base: string, path: string): WholeResponse {
  const location = `${base}${path}`;
  return {
    status: 307,
    fields: [["Location", location], ...PLAIN_TEXT],
    content: `307 ${reasonOf(307)}: ${location}\n`,
  };
}
