import { once } from "node:events";
import { connect, type Socket } from "node:net";

// Each of them asks, reads the answer and asks again.
const CONNECTIONS = 32;

/** Asks for `count` things over a few connections that are kept open. Resolves when all answers have come whole. */
export async function askForAll(port: number, count: number, lines: (n: number) => string): Promise<void> {
  let next = 0;
  const take = () => (next < count ? next++ : undefined);
  const one = async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    for (let n = take(); n !== undefined; n = take()) await exchange(socket, lines(n));
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** One request and its answer, of which only the length matters. */
function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    let left: number | undefined;
    const done = (error?: Error) => {
      socket.off("data", take).off("close", closed).off("error", done);
      if (error === undefined) resolve();
      else reject(error);
    };
    const closed = () => done(new Error("the edge closed the connection inside an answer"));
    const take = (chunk: Buffer) => {
      if (left !== undefined) left -= chunk.length;
      else {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        const length = /\r\ncontent-length: (\d+)/i.exec(head.toString("latin1", 0, end));
        if (length === null) return done(new Error(`no length: ${head.toString("latin1", 0, 200)}`));
        left = Number(length[1]) - (head.length - end - HEAD_END.length);
      }
      if (left === 0) done();
    };
    socket.on("data", take).on("close", closed).on("error", done);
    socket.write(request, "latin1");
  });
}
