import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Client, credentials, type ServiceDefinition, type ServiceError } from "@grpc/grpc-js";
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type Options,
  type PackageDefinition,
} from "@grpc/proto-loader";

/** A decoded message, by the field names of its proto file. */
export type Message = Readonly<Record<string, unknown>>;

const AS_WRITTEN: Options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true };

/** Calls a service that it knows only from the server's reflection, as grpcurl does. */
export class ReflectionClient {
  readonly #client: Client;
  readonly #reflection: ServiceDefinition;

  constructor(address: string, version: "v1" | "v1alpha") {
    this.#client = new Client(address, credentials.createInsecure());
    this.#reflection = serviceIn(
      loadSync(reflectionProto(version), AS_WRITTEN),
      `grpc.reflection.${version}.ServerReflection`,
    );
  }

  async services(): Promise<readonly string[]> {
    const reply = await this.#ask({ list_services: "*" });
    const { service } = reply.list_services_response as { service: { name: string }[] };
    return service.map(({ name }) => name);
  }

  async call(service: string, method: string, request: Message): Promise<Message> {
    const { path, requestSerialize, responseDeserialize } = await this.#method(service, method);
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, reply?: Message): void =>
        error === null ? resolve(reply ?? {}) : reject(error);
      this.#client.makeUnaryRequest<Message, Message>(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        done,
      );
    });
  }

  /** The messages of a stream. Leaving the loop leaves the stream. */
  async *stream(service: string, method: string, request: Message): AsyncGenerator<Message> {
    const { path, requestSerialize, responseDeserialize } = await this.#method(service, method);
    yield* this.#client.makeServerStreamRequest<Message, Message>(
      path,
      requestSerialize,
      responseDeserialize,
      request,
    );
  }

  close(): void {
    this.#client.close();
  }

  async #method(service: string, method: string) {
    const reply = await this.#ask({ file_containing_symbol: service });
    const { file_descriptor_proto: files } = reply.file_descriptor_response as {
      file_descriptor_proto: Uint8Array[];
    };
    // A FileDescriptorSet is `repeated FileDescriptorProto file = 1`.
    const set = new BinaryWriter();
    for (const file of files) set.tag(1, 2).bytes(file);
    const types = loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), AS_WRITTEN);
    return methodIn(serviceIn(types, service), method);
  }

  async #ask(request: Message): Promise<Message> {
    const { path, requestSerialize, responseDeserialize } = methodIn(
      this.#reflection,
      "ServerReflectionInfo",
    );
    const stream = this.#client.makeBidiStreamRequest<Message, Message>(
      path,
      requestSerialize,
      responseDeserialize,
    );
    stream.write(request);
    const [reply] = (await once(stream, "data")) as [Message];
    stream.end();
    return reply;
  }
}

function reflectionProto(version: string): string {
  const main = createRequire(import.meta.url).resolve("@grpc/reflection");
  return join(dirname(main), "..", "proto", "grpc", "reflection", version, "reflection.proto");
}

function serviceIn(types: PackageDefinition, name: string): ServiceDefinition {
  const found = types[name];
  if (found === undefined || "format" in found) throw new Error(`no service ${name}`);
  return found;
}

function methodIn(service: ServiceDefinition, name: string) {
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}
