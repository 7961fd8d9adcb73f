import { type Case, conformanceCase, FRESH, PAUSE, STALE } from "../case.ts";

const STATUSES = [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599];

const NOT_UNLESS_UNDERSTOOD = [["Cache-Control", "max-age=3600, no-store, must-understand"]] as const;

export const status: readonly Case[] = [
  ...STATUSES.flatMap((code) => [fresh(code), stale(code)]),
  conformanceCase(
    "required",
    "status-599-must-understand",
    "does not store an unknown status with no-store and must-understand",
    "9111 5.2.2.3",
    [{ reply: { status: 599, fields: NOT_UNLESS_UNDERSTOOD } }, { expect: { from: "origin" } }],
  ),
  conformanceCase(
    "optimal",
    "status-200-must-understand",
    "stores a status that it understands with no-store and must-understand",
    "9111 5.2.2.3",
    [{ reply: { fields: NOT_UNLESS_UNDERSTOOD } }, { expect: { from: "cache" } }],
  ),
];

function fresh(code: number): Case {
  const body = content(code);
  return conformanceCase(
    "optimal",
    `status-${code}-fresh`,
    `reuses a fresh ${code} with an explicit lifetime`,
    "9111 3",
    [
      { reply: { status: code, fields: FRESH, body }, pause: PAUSE },
      { reply: { status: code, body }, expect: { from: "cache" } },
    ],
  );
}

function stale(code: number): Case {
  return conformanceCase(
    "required",
    `status-${code}-stale`,
    `does not reuse a ${code} that has expired`,
    "9111 4.2",
    [
      { reply: { status: code, fields: STALE, body: content(code) }, pause: PAUSE },
      { expect: { from: "origin" } },
    ],
  );
}

function content(code: number): string {
  return code === 204 ? "" : `content of a ${code}`;
}
