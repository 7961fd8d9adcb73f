import { once } from "node:events";
import { connect } from "node:net";

/** Sends these bytes on a connection of its own and resolves with all that came back until the other side closed. */
export async function sendBytes(base: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  let received = "";
  socket.on("data", (text: string) => {
    received += text;
  });
  socket.write(bytes, "latin1");
  await once(socket, "close");
  return received;
}
