import { type Case, notReused, reused } from "../case.ts";

const MONTH = 30 * 24 * 60 * 60;

export const expires: readonly Case[] = [
  ...reused([
    [
      "optimal",
      "freshness-expires-future",
      "reuses a response with a future Expires",
      "9111 5.3",
      [
        ["Expires", MONTH],
        ["Date", 0],
      ],
    ],
  ]),
  ...notReused([
    [
      "required",
      "freshness-expires-past",
      "does not reuse a response with a past Expires",
      "9111 5.3",
      [
        ["Expires", -MONTH],
        ["Date", 0],
      ],
    ],
    [
      "required",
      "freshness-expires-old-date",
      "does not reuse a response with an Expires before its Date, both in the future",
      "9111 4.2.1",
      [
        ["Expires", 300],
        ["Date", 400],
      ],
    ],
    [
      "required",
      "freshness-expires-invalid",
      "takes an Expires that is no date for the past",
      "9111 5.3",
      [
        ["Expires", "0", "may-change"],
        ["Date", 0],
      ],
    ],
  ]),
  ...reused(
    [
      [
        "optimal",
        "freshness-expires-invalid-date",
        "reuses a response with an Expires although its Date is no date",
        "9110 6.6.1",
        [
          ["Date", "foo", "may-change"],
          ["Expires", 10],
        ],
      ],
    ],
    0,
  ),
  ...notReused(
    [
      [
        "required",
        "freshness-expires-present",
        "does not reuse a response that expires at its Date",
        "9111 4.2.1",
        [
          ["Expires", 0],
          ["Date", 0],
        ],
      ],
      [
        "required",
        "freshness-expires-age-slow-date",
        "does not reuse a response whose Age is beyond Expires less Date, by a slow clock",
        "9111 4.2.1",
        [
          ["Date", -10],
          ["Expires", 10],
          ["Age", "25"],
        ],
      ],
      [
        "required",
        "freshness-expires-age-fast-date",
        "does not reuse a response whose Age is beyond Expires less Date, by a fast clock",
        "9111 4.2.1",
        [
          ["Date", 10],
          ["Expires", 20],
          ["Age", "15"],
        ],
      ],
    ],
    0,
  ),
];
