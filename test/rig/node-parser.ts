import { createServer, type IncomingMessage, type RequestListener, request as send } from "node:http";
import { duplexPair } from "node:stream";
import { setImmediate } from "node:timers/promises";

/** A request as node's own parser reads it. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly raw: readonly string[];
  readonly content: string;
  readonly trailers: readonly string[];
}

export interface NodeResponse {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly raw: readonly string[];
  readonly content: string;
}

/** The whole requests at the beginning of these bytes, up to what node refuses, if anything. No socket is needed. */
export async function nodeRequests(bytes: Buffer): Promise<readonly NodeRequest[]> {
  const found: Promise<NodeRequest | undefined>[] = [];
  const take: RequestListener = (message, response) => {
    found.push(wholeRequest(message).finally(() => response.end()));
  };
  const server = createServer({ requireHostHeader: false }, take);
  // By itself node would answer 417 to these.
  server.on("checkExpectation", take);
  server.maxHeadersCount = 0;
  const [client, socket] = duplexPair();
  client.resume();
  // A refusal would close the connection before the requests ahead of it have been read.
  server.on("clientError", () => undefined);
  server.emit("connection", socket);
  client.write(bytes);
  // Nothing leaves memory, so that one turn of the event loop reads all there is.
  await setImmediate();
  socket.destroy();
  client.destroy();
  const requests = await Promise.all(found);
  const broken = requests.indexOf(undefined);
  return requests.slice(0, broken < 0 ? requests.length : broken).filter((each) => each !== undefined);
}

async function wholeRequest(message: IncomingMessage): Promise<NodeRequest | undefined> {
  const content = await contentOf(message);
  const { method = "", url = "", httpVersion, rawHeaders, rawTrailers } = message;
  return content === undefined
    ? undefined
    : { method, target: url, version: httpVersion, raw: rawHeaders, content, trailers: rawTrailers };
}

/** The final response that these bytes are to such a request; undefined when node refuses it. */
export async function nodeResponse(bytes: Buffer, method: string): Promise<NodeResponse | undefined> {
  const [client, server] = duplexPair();
  server.resume();
  const asked = send({ method, createConnection: () => client });
  const settled = Promise.withResolvers<NodeResponse | undefined>();
  asked.on("error", () => settled.resolve(undefined));
  asked.on("response", async (message) => {
    const content = await contentOf(message);
    const { statusCode = 0, statusMessage = "", httpVersion, rawHeaders } = message;
    const head = { status: statusCode, reason: statusMessage, version: httpVersion, raw: rawHeaders };
    settled.resolve(content === undefined ? undefined : { ...head, content });
  });
  asked.end();
  server.end(bytes);
  const response = await settled.promise;
  asked.destroy();
  server.destroy();
  return response;
}

/** As latin1 text; undefined when it breaks off. */
async function contentOf(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("latin1");
}
