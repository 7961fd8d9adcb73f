import { describeError } from "../process/failure.ts";
import type { Position } from "./position.ts";
import type { Heartbeat } from "./purge-log.ts";

export type DecodedHeartbeat =
  | { readonly kind: "heartbeat"; readonly beat: Heartbeat }
  | { readonly kind: "unreadable"; readonly reason: string };

type Unchecked = Readonly<Record<string, unknown>>;

export function encodeHeartbeat(beat: Heartbeat): string {
  return JSON.stringify(beat);
}

/**
 * Never throws. Unknown fields are left out: a newer edge may say more of itself, and it still counts as a
 * member. Checked by hand, because every purge brings a heartbeat of every edge.
 */
export function decodeHeartbeat(json: string): DecodedHeartbeat {
  try {
    return { kind: "heartbeat", beat: checked(recordOf(JSON.parse(json), "a heartbeat")) };
  } catch (thrown) {
    return { kind: "unreadable", reason: describeError(thrown) };
  }
}

function checked(raw: Unchecked): Heartbeat {
  const edge = textOf(raw, "edge");
  if (edge === "") throw wrong("edge", "not empty", edge);
  if (!Array.isArray(raw.applied)) throw wrong("applied", "an array", raw.applied);
  return {
    edge,
    bootId: textOf(raw, "bootId"),
    grpcAddress: textOf(raw, "grpcAddress"),
    httpAddress: textOf(raw, "httpAddress"),
    position: positionOf(raw.position),
    runId: textOf(raw, "runId"),
    leaseMs: numberOf(raw, "leaseMs"),
    // Versions that do not say these serve stale without a lease.
    sites: raw.sites === undefined ? "" : textOf(raw, "sites"),
    staleWhenLapsed: raw.staleWhenLapsed === undefined || flagOf(raw, "staleWhenLapsed"),
    applied: raw.applied.map(countOf),
  };
}

function countOf(raw: unknown): Heartbeat["applied"][number] {
  const count = recordOf(raw, "applied");
  return { position: positionOf(count.position), objects: wholeOf(count, "objects") };
}

function positionOf(raw: unknown): Position {
  const position = recordOf(raw, "position");
  return { epoch: wholeOf(position, "epoch"), seq: wholeOf(position, "seq") };
}

function recordOf(raw: unknown, name: string): Unchecked {
  if (!isRecord(raw)) throw wrong(name, "an object", raw);
  return raw;
}

function isRecord(raw: unknown): raw is Unchecked {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function textOf(raw: Unchecked, name: string): string {
  const value = raw[name];
  if (typeof value !== "string") throw wrong(name, "a string", value);
  return value;
}

function numberOf(raw: Unchecked, name: string): number {
  const value = raw[name];
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw wrong(name, "a number from 0", value);
  return value;
}

function flagOf(raw: Unchecked, name: string): boolean {
  const value = raw[name];
  if (typeof value !== "boolean") throw wrong(name, "true or false", value);
  return value;
}

function wholeOf(raw: Unchecked, name: string): number {
  const value = numberOf(raw, name);
  if (!Number.isSafeInteger(value)) throw wrong(name, "a whole number below 2^53", value);
  return value;
}

function wrong(name: string, rule: string, got: unknown): Error {
  const said = String(JSON.stringify(got)).slice(0, 100);
  return new Error(`${name}: must be ${rule}: ${said}`);
}
