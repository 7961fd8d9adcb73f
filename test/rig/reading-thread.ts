/** A thread that reads the store of another one, and looks at every byte of what it finds. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { SharedPiece } from "../../edge/store/sharing.ts";
import { StoreReader } from "../../edge/store/store-reader.ts";
import { bodyOf, type ReadingWords, versionIn } from "./read-bodies.ts";

const { sharing, floors, words, number }: ReadingWords & { readonly number: number } = workerData;
const port = parentPort;
if (port === null) throw new Error("it must be started as a thread");

const reader = new StoreReader(sharing);
const wrong: string[] = [];
let state = number + 1;

function takePieces(from: MessagePort): void {
  for (let got = receiveMessageOnPort(from); got !== undefined; got = receiveMessageOnPort(from)) {
    const piece: SharedPiece = got.message;
    reader.take(piece);
  }
}

function look(i: number): void {
  // Whatever is found from now on must be of this version or a later one.
  const floor = Atomics.load(floors, i);
  const read = reader.find(`default /${i}`);
  if (read === undefined) return;
  const { chunks, tags, target, bodyLength } = read.stored;
  const body = Buffer.concat(chunks);
  const version = versionIn(body);
  if (version < floor) wrong.push(`/${i} is of version ${version}, and ${floor} was promised`);
  if (!body.equals(bodyOf(i, version)) || bodyLength !== body.length) wrong.push(`/${i} has a torn body`);
  if (target !== `/${i}` || tags.join() !== `all,tag-${i % 20}`) wrong.push(`/${i} has another head`);
  Atomics.add(words, 1 + number, 1);
}

/** The same of one that is copied from where it lies. */
function lookInPlace(i: number): void {
  const floor = Atomics.load(floors, i);
  const shown = reader.inPlace("default ", `/${i}`);
  if (shown === undefined) return;
  const { memory, bodyAt, bodyEnd, linesAt, linesEnd, status } = shown;
  const body = Buffer.from(memory.subarray(bodyAt, bodyEnd));
  const lines = memory.toString("latin1", linesAt, linesEnd);
  if (reader.usedInPlace() === undefined) return;
  const version = versionIn(body);
  if (version < floor) wrong.push(`/${i} is in place of version ${version}, and ${floor} was promised`);
  if (!body.equals(bodyOf(i, version))) wrong.push(`/${i} has a torn body in place`);
  if (status !== 200 || !/^(?:[\w-]+: [^\r\n]*\r\n)*$/.test(lines))
    wrong.push(`/${i} has a torn head in place`);
  Atomics.add(words, 1 + number, 1);
}

port.postMessage("ready");
while (Atomics.load(words, 0) === 0) {
  takePieces(port);
  for (let reads = 0; reads < 100; reads += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const i = (state >>> 8) % floors.length;
    if (reads % 2 === 0) look(i);
    else lookInPlace(i);
  }
}
port.postMessage(wrong);
port.close();
