import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { loadSync } from "@grpc/proto-loader";
import { z } from "zod";
import { until } from "./until.ts";

const service = loadSync(resolve(import.meta.dirname, "otlp-trace.proto"), {
  longs: String,
  enums: String,
  oneofs: true,
  defaults: true,
})["opentelemetry.proto.TraceService"];

const hex = z.instanceof(Buffer).transform((bytes) => bytes.toString("hex"));
const nanoseconds = z.string().transform(BigInt);
const attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z
        .object({
          value: z.string(),
          stringValue: z.string().optional(),
          boolValue: z.boolean().optional(),
          intValue: z.string().transform(Number).optional(),
          doubleValue: z.number().optional(),
        })
        .transform((any) => any.stringValue ?? any.boolValue ?? any.intValue ?? any.doubleValue),
    }),
  )
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])));
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: hex,
              spanId: hex,
              parentSpanId: hex,
              name: z.string(),
              kind: z.string(),
              startTimeUnixNano: nanoseconds,
              endTimeUnixNano: nanoseconds,
              attributes,
              events: z.array(z.object({ name: z.string(), attributes })),
              links: z.array(z.object({ traceId: hex, spanId: hex })),
              status: z
                .object({ code: z.string() })
                .nullable()
                .transform((status) => status?.code ?? "UNSET"),
            }),
          ),
        }),
      ),
    }),
  ),
});

type Exported = z.infer<typeof exported>;
export interface SeenSpan extends SpanOf {
  /** Of the program that recorded it. */
  readonly service: string;
  readonly instance: string;
}
type SpanOf = Exported["resourceSpans"][number]["scopeSpans"][number]["spans"][number];

/** A collector of spans by OTLP over HTTP, in its binary form. */
export class SpanReceiver {
  readonly endpoint: URL;
  readonly spans: SeenSpan[] = [];
  /** How it answers from now on; "silent": not at all. */
  answers: number | "silent" = 200;
  requests = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.endpoint = new URL(`http://127.0.0.1:${port}/v1/traces`);
    server.on("request", async (request, response) => {
      this.requests += 1;
      const body = Buffer.concat(await request.toArray());
      if (this.answers === "silent") return;
      const isRight =
        request.url === "/v1/traces" && request.headers["content-type"] === "application/x-protobuf";
      if (isRight && this.answers === 200) this.#take(body);
      response.writeHead(isRight ? this.answers : 400).end();
    });
  }

  static async start(): Promise<SpanReceiver> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SpanReceiver(server);
  }

  /** Resolves with all spans once these are among them. */
  async named(...names: readonly string[]): Promise<readonly SeenSpan[]> {
    const missing = () => {
      const seen = this.spans.map(({ name }) => name);
      return names.filter((name) => {
        const at = seen.indexOf(name);
        if (at !== -1) seen.splice(at, 1);
        return at === -1;
      });
    };
    await until(`there are spans ${names.join(", ")}`, () => missing().length === 0);
    return this.spans;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #take(body: Buffer): void {
    if (service === undefined || !("Export" in service) || typeof service.Export !== "object")
      throw new Error("no TraceService in otlp-trace.proto");
    const read = exported.parse(service.Export.requestDeserialize(body));
    for (const { resource, scopeSpans } of read.resourceSpans) {
      const named = {
        service: String(resource.attributes["service.name"]),
        instance: String(resource.attributes["service.instance.id"]),
      };
      for (const { spans } of scopeSpans) for (const span of spans) this.spans.push({ ...span, ...named });
    }
  }
}
