import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";

// Four bytes for each character that a settings file may have.
const MAX_BYTES = 1024 * 1024;

/** The text of a regular file. Throws an Error for anything else: a device or a FIFO may never end. */
export function readSmallFile(path: string): string {
  // NONBLOCK: opening a FIFO must not wait for a writer.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error("it is not a regular file");
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= MAX_BYTES; length += read) {
      read = readSync(descriptor, bytes, length, bytes.byteLength - length, null);
    }
    if (length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether every user of the machine may read it. False when there is no such file. */
export function isReadableByAll(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & constants.S_IROTH) !== 0;
}
