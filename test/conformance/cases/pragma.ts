import { type Case, conformanceCase, type FieldLine, reused } from "../case.ts";

const HOUR: FieldLine = ["Cache-Control", "max-age=3600"];
const RULE = "9111 5.4";

export const pragma: readonly Case[] = [
  conformanceCase(
    "check",
    "pragma-request-no-cache",
    "does not heed Pragma in a request that has Cache-Control",
    RULE,
    [
      { reply: { fields: [HOUR] } },
      { request: { fields: [["Pragma", "no-cache"]] }, expect: { from: "cache" } },
    ],
  ),
  conformanceCase("check", "pragma-request-extension", "does not heed what Pragma does not define", RULE, [
    { reply: { fields: [HOUR] } },
    { request: { fields: [["Pragma", "unrecognised-extension"]] }, expect: { from: "cache" } },
  ]),
  ...reused(
    [
      [
        "check",
        "pragma-response-no-cache",
        "does not heed Pragma in a fresh response",
        RULE,
        [HOUR, ["Pragma", "no-cache"]],
      ],
      [
        "check",
        "pragma-response-no-cache-heuristic",
        "does not heed Pragma in a response that is fresh by its Last-Modified",
        RULE,
        [
          ["Date", 0],
          ["Last-Modified", -10_000],
          ["Pragma", "no-cache"],
        ],
      ],
      [
        "check",
        "pragma-response-extension",
        "does not heed an unknown Pragma in a response",
        RULE,
        [HOUR, ["Pragma", "unrecognised-extension"]],
      ],
    ],
    0,
  ),
];
