import { expect } from "chai";
import fc from "fast-check";
import type { Purge, PurgeTarget } from "./purge.ts";
import { MOST_TARGETS, MOST_URL } from "./purge.ts";
import { decodeEntry, encodePurge } from "./purge-codec.ts";

const text = fc.string({ minLength: 1, maxLength: 60, unit: "binary" });
const site = fc.record({ site: text }, { requiredKeys: [] });
const target: fc.Arbitrary<PurgeTarget> = fc.oneof(
  fc.tuple(text, site).map(([t, s]) => ({ kind: "url" as const, target: t, ...s })),
  fc.tuple(text, site).map(([t, s]) => ({ kind: "prefix" as const, prefix: t, ...s })),
  fc.tuple(text, site).map(([t, s]) => ({ kind: "tag" as const, tag: t, ...s })),
  site.map((s) => ({ kind: "everything" as const, ...s })),
);
const how: fc.Arbitrary<Pick<Purge, "soft" | "pace">> = fc.oneof(
  fc.record({ soft: fc.boolean() }),
  fc.record({ soft: fc.constant(true), pace: fc.integer({ min: 1, max: 1_000 }) }),
);
const purge: fc.Arbitrary<Purge> = fc
  .tuple(
    fc.record({
      purgeId: text,
      targets: fc.array(target, { minLength: 1, maxLength: 10 }),
      by: fc.string(),
    }),
    how,
  )
  .map(([what, soft]) => ({ ...what, ...soft }));

const plain: Purge = { purgeId: "a", targets: [{ kind: "everything" }], soft: false, by: "" };

/** As it arrives: through UTF-8 bytes. */
const overTheWire = (json: string) => new TextDecoder().decode(new TextEncoder().encode(json));

/** A purge whose entry has so many characters. */
function ofLength(length: number): Purge {
  const targets = (last: number): PurgeTarget[] => [
    ...Array.from({ length: 40 }, (): PurgeTarget => ({ kind: "tag", tag: "x".repeat(6_000) })),
    ...[last >> 2, last - 3 * (last >> 2), last >> 2, last >> 2].map(
      (size): PurgeTarget => ({ kind: "tag", tag: "x".repeat(size) }),
    ),
  ];
  const rest = length - JSON.stringify({ ...plain, targets: targets(0) }).length;
  return { ...plain, targets: targets(rest) };
}

function roundTrip(value: Purge) {
  const encoded = encodePurge(value);
  return encoded.kind === "encoded" ? decodeEntry(["purge", overTheWire(encoded.text)]) : encoded;
}

describe("a purge as an entry of the log", () => {
  it("comes back as it was, whatever its texts hold", () => {
    fc.assert(
      fc.property(purge, (value) => {
        expect(roundTrip(value)).to.deep.equal({ kind: "purge", purge: value });
      }),
    );
  });

  it("comes back as it was with lone surrogates and replacement characters", () => {
    const value: Purge = { ...plain, targets: [{ kind: "tag", tag: "\ud800\ufffd\u0000" }] };
    expect(roundTrip(value)).to.deep.equal({ kind: "purge", purge: value });
  });

  it("comes back as it was with the shortest and the longest rebound, and with a digest of sites", () => {
    for (const reboundMs of [100, 300_000]) {
      const value: Purge = { ...plain, reboundMs, sites: "0123456789abcdef" };
      expect(roundTrip(value)).to.deep.equal({ kind: "purge", purge: value });
    }
  });

  it("is understood as an earlier version has written it", () => {
    const text = '{"purgeId":"a","targets":[{"kind":"everything"}],"soft":false,"by":""}';
    expect(decodeEntry(["purge", text])).to.deep.equal({ kind: "purge", purge: plain });
  });

  it("is understood when it names the format that this edge knows", () => {
    expect(decodeEntry(["purge", JSON.stringify({ format: 1, ...plain })])).to.deep.equal({
      kind: "purge",
      purge: plain,
    });
  });

  it("comes back as it was at each limit", () => {
    const most: readonly Purge[] = [
      { ...plain, purgeId: "x".repeat(256) },
      { ...plain, by: "x".repeat(512) },
      { ...plain, sites: "x".repeat(128) },
      { ...plain, soft: true, pace: 1_000 },
      { ...plain, targets: Array(MOST_TARGETS).fill({ kind: "everything" }) },
      { ...plain, targets: [{ kind: "url", target: "x".repeat(MOST_URL), site: "s".repeat(253) }] },
      ofLength(262_144),
    ];
    for (const value of most) expect(roundTrip(value)).to.deep.equal({ kind: "purge", purge: value });
  });

  const tooMuch: readonly { field: string; value: Purge }[] = [
    { field: "targets", value: { ...plain, targets: [] } },
    {
      field: "targets",
      value: { ...plain, targets: Array(MOST_TARGETS + 1).fill({ kind: "everything" }) },
    },
    { field: "purgeId", value: { ...plain, purgeId: "" } },
    { field: "purgeId", value: { ...plain, purgeId: "x".repeat(256 + 1) } },
    {
      field: "targets.0.tag",
      value: { ...plain, targets: [{ kind: "tag", tag: "x".repeat(MOST_URL + 1) }] },
    },
    { field: "pace", value: { ...plain, soft: true, pace: 1_001 } },
    { field: "pace", value: { ...plain, soft: true, pace: 0.5 } },
    { field: "pace", value: { ...plain, pace: 50 } },
    { field: "reboundMs", value: { ...plain, reboundMs: 99 } },
    { field: "reboundMs", value: { ...plain, reboundMs: 300_001 } },
    { field: "sites", value: { ...plain, sites: "" } },
    { field: "sites", value: { ...plain, sites: "x".repeat(129) } },
    { field: "by", value: { ...plain, by: "x".repeat(513) } },
    {
      field: "targets.0.site",
      value: { ...plain, targets: [{ kind: "everything", site: "s".repeat(254) }] },
    },
    { field: "characters", value: ofLength(262_145) },
    { field: "targets.0.site", value: { ...plain, targets: [{ kind: "everything", site: "" }] } },
    {
      field: "characters",
      value: { ...plain, targets: Array(100).fill({ kind: "tag", tag: "x".repeat(8000) }) },
    },
  ];
  for (const { field, value } of tooMuch) {
    it(`is refused outside the limits of ${field}, and the reason names it`, () => {
      expect(encodePurge(value)).to.have.property("reason").that.contains(field);
    });
  }
});

describe("an entry that was not written by us", () => {
  const strange: readonly { name: string; fields: readonly string[]; reason: string }[] = [
    { name: "no field", fields: [], reason: "one field" },
    { name: "two fields", fields: ["purge", "{}", "more", "x"], reason: "one field" },
    { name: "another field", fields: ["op", "purge"], reason: "got op" },
    { name: "bad JSON", fields: ["purge", "{"], reason: "JSON" },
    { name: "JSON that is no object", fields: ["purge", "null"], reason: "not a purge" },
    {
      name: "an unknown kind of target",
      fields: withTarget({ kind: "regex", regex: "." }),
      reason: "targets.0",
    },
    {
      name: "a later format",
      fields: ["purge", JSON.stringify({ format: 2, ...plain })],
      reason: "knows format 1 of purges, got 2",
    },
    {
      name: "a format that is no number",
      fields: ["purge", JSON.stringify({ format: null, ...plain })],
      reason: "got null",
    },
    { name: "an unknown field", fields: ["purge", JSON.stringify({ ...plain, until: 5 })], reason: "until" },
    {
      name: "a pace that is none",
      fields: ["purge", JSON.stringify({ ...plain, soft: true, pace: "50/s" })],
      reason: "pace",
    },
    {
      name: "a target with two kinds",
      fields: withTarget({ kind: "url", target: "/", tag: "t" }),
      reason: "targets.0",
    },
    {
      name: "bytes that are not UTF-8",
      fields: ["purge", JSON.stringify({ ...plain, by: "\ufffd" })],
      reason: "UTF-8",
    },
    { name: "a megabyte", fields: ["purge", "x".repeat(1_048_576)], reason: "1048576" },
  ];
  for (const { name, fields, reason } of strange) {
    it(`with ${name} is unreadable, with a short reason`, () => {
      const content = decodeEntry(fields);
      expect(content.kind).to.equal("unreadable");
      expect(content)
        .to.have.property("reason")
        .that.contains(reason)
        .and.satisfies((r: string) => r.length <= 201);
    });
  }

  it("never makes the decoder throw", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant("purge"), fc.json(), fc.string())), (fields) => {
        expect(decodeEntry(fields).kind).to.be.oneOf(["unreadable", "barrier"]);
      }),
    );
  });

  function withTarget(strangeTarget: object): readonly string[] {
    return ["purge", JSON.stringify({ ...plain, targets: [strangeTarget] })];
  }
});
