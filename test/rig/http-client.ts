import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  /** Lower-case names; lines of one name joined by ", ". */
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly text: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer whose content is still to be read. */
export interface Arriving {
  readonly message: IncomingMessage;
  header(name: string): string | undefined;
  finish(): Promise<Reply>;
}

/** Asks over a connection of its own and resolves when the field section has arrived. Follows no redirect. */
export async function ask(base: string, target: string, asking: Asking = {}): Promise<Arriving> {
  const { hostname, port } = new URL(base);
  const agent = new Agent({ keepAlive: false });
  const outgoing = request({
    host: hostname,
    port,
    path: target,
    method: asking.method ?? "GET",
    headers: { ...asking.headers },
    agent,
  });
  outgoing.end(asking.body);
  const [message] = (await once(outgoing, "response")) as [IncomingMessage];
  // A reset inside the content is the message's error too.
  outgoing.on("error", () => undefined);
  const header = (name: string): string | undefined => {
    const value = message.headersDistinct[name.toLowerCase()];
    return value?.join(", ");
  };
  return {
    message,
    header,
    finish: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      return { status: message.statusCode ?? 0, header, body, text: body.toString() };
    },
  };
}

export async function get(base: string, target: string, asking: Asking = {}): Promise<Reply> {
  return (await ask(base, target, asking)).finish();
}
