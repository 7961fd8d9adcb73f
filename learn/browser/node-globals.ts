import { Buffer as BrowserBuffer } from "buffer/";

// The globals of Node that the core of an edge uses, for a page. learn/bundle.ts puts them wherever they are used.

export const Buffer = BrowserBuffer;

// A page has shared memory only when it is isolated from all others. One thread needs none.
const Unshared = ArrayBuffer;

export { Unshared as SharedArrayBuffer };

const turns: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => turns.shift()?.();

/** Runs in a turn of the event loop of its own, when no microtask is left. A timer would wait for milliseconds. */
function inTurn(run: () => void): void {
  turns.push(run);
  channel.port2.postMessage(undefined);
}

export const setImmediate = inTurn;

export const process = {
  nextTick: inTurn,
  env: {},
  argv: [],
  platform: "browser",
  versions: {},
  stdout: { on: () => undefined },
  stderr: { on: () => undefined },
};
