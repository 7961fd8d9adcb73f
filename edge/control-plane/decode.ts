import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { describeError } from "../../process/failure.ts";
import { PurgeRequest, type WatchStatsRequest } from "../../proto/gen/edgecache/v1/edge.ts";
import { type CallResult, invalidArgument } from "./call-result.ts";

/** Larger calls are refused; what fits can be logged, sent and applied in one go. */
export const MOST_CALL_BYTES = 64 * 1024;

/**
 * A decoder for the bytes of a call. Bytes that it cannot read are answered as the caller's mistake. `bulk` is
 * the field that makes a call large.
 */
export function callReader<T>(
  bulk: string,
  decode: (bytes: Uint8Array) => T,
): (bytes: Uint8Array) => CallResult<T> {
  return (bytes) => {
    if (bytes.byteLength > MOST_CALL_BYTES) {
      const rule = `must be small enough for a request of at most ${MOST_CALL_BYTES} bytes`;
      return invalidArgument(bulk, rule, `${bytes.byteLength} bytes`);
    }
    try {
      return { ok: true, value: decode(bytes) };
    } catch (thrown) {
      return invalidArgument("request", "must be a message that can be decoded", describeError(thrown));
    }
  };
}

/** Also refuses a target that names two things, of which a decoder would silently take the last. */
export function readPurgeBytes(bytes: Uint8Array): CallResult<PurgeRequest> {
  return callReader("targets", (all) => {
    const twofold = twofoldTarget(all);
    if (twofold === undefined) return PurgeRequest.decode(all);
    throw new Error(`targets[${twofold}] names more than one of url, prefix, tag, everything`);
  })(bytes);
}

// Field numbers of edge.proto: PurgeRequest.targets, and the last of url, prefix, tag and everything.
const TARGETS = 2;
const LAST_OF_ONEOF = 4;

function twofoldTarget(bytes: Uint8Array): number | undefined {
  const reader = new BinaryReader(bytes);
  for (let index = 0; reader.pos < reader.len; ) {
    const [field, type] = reader.tag();
    if (field === TARGETS && type === WireType.LengthDelimited) {
      if (membersSet(reader.bytes()) > 1) return index;
      index += 1;
    } else reader.skip(type, field);
  }
  return undefined;
}

function membersSet(target: Uint8Array): number {
  const reader = new BinaryReader(target);
  let members = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field <= LAST_OF_ONEOF) members += 1;
    reader.skip(type, field);
  }
  return members;
}

const NANOS_A_MS = 1e6;

/** A protobuf Duration in milliseconds. */
export function durationMs({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): number {
  return seconds * 1_000 + nanos / NANOS_A_MS;
}

const DEFAULT_PERIOD_MS = 1_000;
const LEAST_PERIOD_MS = 100;
const MOST_PERIOD_MS = 60_000;

/** How often WatchStats reports, in milliseconds. */
export function readPeriod({ period }: WatchStatsRequest): CallResult<number> {
  const ms = period === undefined ? DEFAULT_PERIOD_MS : durationMs(period);
  if (ms >= LEAST_PERIOD_MS && ms <= MOST_PERIOD_MS) return { ok: true, value: ms };
  const rule = `must be ${LEAST_PERIOD_MS / 1_000}s to ${MOST_PERIOD_MS / 1_000}s`;
  return invalidArgument("period", rule, `${ms / 1_000}s`);
}
