import { setImmediate as turn } from "node:timers/promises";
import type { OriginRequest, OriginResponse } from "../../edge/origin/origin.ts";
import { Fields } from "../../http/message/fields.ts";
import { Failure } from "../../process/failure.ts";

/** The signal of a caller that never gives up. */
export const never = new AbortController().signal;

export function get(target: string, fields: readonly (readonly [string, string])[] = []): OriginRequest {
  return { method: "GET", target, fields: Fields.of(fields) };
}

export async function textOf({ body }: OriginResponse): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

/** The Failure that `work` must end in. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

/** Resolves when `count` has not changed for many turns of the event loop. */
export async function standstill(count: () => number): Promise<void> {
  let before = count();
  for (let still = 0; still < 500; still += 1) {
    await turn();
    if (count() !== before) still = 0;
    before = count();
  }
}

/** Inside a `describe`: gives a function that takes what must be stopped after each test, the last one first. */
export function stopAfterEach(): (stop: () => Promise<unknown>) => void {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  return (stop) => {
    stops.push(stop);
  };
}
