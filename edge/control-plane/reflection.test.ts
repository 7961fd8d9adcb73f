import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { loadSync } from "@grpc/proto-loader";
import { expect } from "chai";
import { describedStrictly } from "./reflection.ts";

function filesOf(types: ReturnType<typeof loadSync>): Map<string, FileDescriptorProto> {
  const files = new Map<string, FileDescriptorProto>();
  for (const type of Object.values(types)) {
    if (!("fileDescriptorProtos" in type) || !Array.isArray(type.fileDescriptorProtos)) continue;
    for (const bytes of type.fileDescriptorProtos) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.package, file);
    }
  }
  return files;
}

describe("the types that reflection tells", () => {
  const proto = new URL("../../proto/edgecache/v1/edge.proto", import.meta.url).pathname;
  const loaded = loadSync(proto, { keepCase: true });
  const strict = describedStrictly(loaded);
  const file = filesOf(strict).get("edgecache.v1");

  it("say which other files they import, and name no file that is not there", () => {
    const names = [...filesOf(strict).values()].map(({ name }) => name);
    expect(file?.dependency).to.have.length(1);
    expect(names).to.include.members(file?.dependency ?? []);
    expect(filesOf(strict).get("google.protobuf")?.dependency).to.deep.equal([]);
  });

  it("name the entries of maps as protoc does", () => {
    for (const [message, field, entry] of [
      ["ExplainRequest", "fields", "FieldsEntry"],
      ["StoredVariant", "selecting_fields", "SelectingFieldsEntry"],
    ]) {
      const type = file?.messageType.find(({ name }) => name === message);
      expect(type?.nestedType.map(({ name }) => name)).to.deep.equal([entry]);
      expect(type?.field.find(({ name }) => name === field)?.typeName).to.equal(entry);
    }
  });

  it("have the names of fields in JSON, as protoc writes them", () => {
    const response = file?.messageType.find(({ name }) => name === "PurgeResponse");
    const names = response?.field.map(({ name, jsonName }) => [name, jsonName]);
    expect(names).to.deep.include.members([
      ["purge_id", "purgeId"],
      ["outcome", "outcome"],
    ]);
  });

  it("are otherwise what they were", () => {
    const before = filesOf(loaded).get("edgecache.v1");
    expect(file?.messageType.map(({ name }) => name)).to.deep.equal(
      before?.messageType.map(({ name }) => name),
    );
    expect(file?.service).to.deep.equal(before?.service);
    expect(Object.keys(strict)).to.deep.equal(Object.keys(loaded));
  });
});
