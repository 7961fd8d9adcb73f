// The parts of Node that the core of an edge imports and no lesson reaches: sockets, files, the machine.

class Absent {}

/** Lists are made when the code is loaded, and asked only about the addresses of connections. */
class BlockList {
  readonly addAddress = () => undefined;
  readonly addSubnet = () => undefined;
  readonly addRange = () => undefined;
}

function absent(): never {
  throw new Error("a page has no sockets and no files");
}

export const constants = {};
export const STATUS_CODES: Readonly<Record<number, string>> = {};
export {
  Absent as Socket,
  Absent as TLSSocket,
  absent as availableParallelism,
  absent as closeSync,
  absent as createServer,
  absent as fstatSync,
  absent as isIP,
  absent as isIPv4,
  absent as isIPv6,
  absent as openSync,
  absent as readFile,
  absent as readSync,
  absent as statSync,
  absent as writeSync,
  BlockList,
};
