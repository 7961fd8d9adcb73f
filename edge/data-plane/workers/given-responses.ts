import { Fields } from "../../../http/message/fields.ts";
import type { StoredResponse } from "../../store/stored-response.ts";

/** Field lines as a message between threads holds them: name, value, name, value … */
export type RawFields = readonly string[];

export function rawFields(fields: Fields): RawFields {
  return [...fields].flat();
}

/** A stored response as a message between threads holds it. */
export interface GivenResponse extends Omit<StoredResponse, "fields" | "clientFields"> {
  readonly fields: RawFields;
  /** undefined: the same as `fields`. */
  readonly clientFields: RawFields | undefined;
}

/** A copy: its bytes are the receiver's own. */
export function given(stored: StoredResponse): GivenResponse {
  const { fields, clientFields, chunks, encodings } = stored;
  return {
    ...stored,
    fields: rawFields(fields),
    clientFields: clientFields === fields ? undefined : rawFields(clientFields),
    chunks: chunks.map(copied),
    ...(encodings === undefined
      ? {}
      : { encodings: encodings.map((each) => ({ ...each, chunks: each.chunks.map(copied) })) }),
  };
}

function copied(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk);
}

export function taken(response: GivenResponse): StoredResponse {
  const fields = Fields.ofRaw(response.fields).packed();
  const { clientFields } = response;
  return {
    ...response,
    fields,
    clientFields: clientFields === undefined ? fields : Fields.ofRaw(clientFields).packed(),
  };
}
