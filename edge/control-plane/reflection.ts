import { fileURLToPath } from "node:url";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";

const PROTO_FOLDER = fileURLToPath(new URL("../../proto/", import.meta.url));

/** The reflection of the control port. Its descriptors come from the same file that the typed code was generated from. */
export function reflection(): ReflectionService {
  const ours = loadSync("edgecache/v1/edge.proto", { includeDirs: [PROTO_FOLDER], keepCase: true });
  const health = loadSync(healthProto, { keepCase: true });
  return new ReflectionService(describedStrictly({ ...ours, ...health }));
}

/**
 * The same types, described as protoc would. proto-loader makes one file of each package, without saying which
 * others it imports, and names the entries of maps in its own way; strict readers of reflection, grpcurl among
 * them, refuse such files.
 */
export function describedStrictly(types: PackageDefinition): PackageDefinition {
  const strict: PackageDefinition = {};
  for (const [name, type] of Object.entries(types)) {
    // A service has no descriptors of its own; its messages bring them.
    strict[name] =
      "fileDescriptorProtos" in type && Array.isArray(type.fileDescriptorProtos)
        ? Object.assign({}, type, { fileDescriptorProtos: strictFiles(type.fileDescriptorProtos) })
        : type;
  }
  return strict;
}

function strictFiles(files: readonly Uint8Array[]): Buffer[] {
  const read = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  return read.map((file) => {
    const dependency = importsOf(file, read);
    const messageType = file.messageType.map(withEntries);
    return Buffer.from(toBinary(FileDescriptorProtoSchema, { ...file, dependency, messageType }));
  });
}

function importsOf(file: FileDescriptorProto, all: readonly FileDescriptorProto[]): string[] {
  const used = file.messageType.flatMap(typesOfFields);
  return all
    .filter((other) => other !== file && used.some((name) => name.startsWith(`${other.package}.`)))
    .map((other) => other.name);
}

/** Those of its own package may be relative to it. */
function typesOfFields(message: DescriptorProto): string[] {
  const own = message.field.map((field) => field.typeName.replace(/^\./, ""));
  return [...own, ...message.nestedType.flatMap(typesOfFields)];
}

/** protoc names the entry of a map after its field: SelectingFieldsEntry for selecting_fields. */
function withEntries(message: DescriptorProto): DescriptorProto {
  const names = new Map<string, string>();
  for (const { name, typeName } of message.field) {
    const entry = message.nestedType.find((nested) => nested.name === typeName);
    if (entry?.options?.mapEntry) names.set(typeName, `${camelCase(name)}Entry`);
  }
  return {
    ...message,
    field: message.field.map((each) => ({
      ...each,
      typeName: names.get(each.typeName) ?? each.typeName,
      // protoc writes it into every descriptor; without it grpcurl prints purge_id where JSON has purgeId.
      jsonName: each.jsonName === "" ? lowerCamelCase(each.name) : each.jsonName,
    })),
    nestedType: message.nestedType.map((each) => ({
      ...withEntries(each),
      name: names.get(each.name) ?? each.name,
    })),
  };
}

/** The name that the Protocol Buffers specification gives a field in JSON. */
function lowerCamelCase(snakeCase: string): string {
  return snakeCase.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function camelCase(snakeCase: string): string {
  return snakeCase.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
