import type { Fields } from "../../http/message/fields.ts";
import { type ContentCoding, codingOf, DELTA, type EncodingName, type Form } from "../rules/compression.ts";
import { hashInDcz, mayUseDictionary, type OfferedDictionary } from "../rules/dictionary.ts";
import type { EntityTag } from "../rules/entity-tag.ts";
import type { CacheRequest, Negotiation } from "../rules/exchange.ts";
import { type FormName, formFor, formTag, isNegotiated, preferredForm } from "../rules/form-choice.ts";
import { sentFields } from "../rules/sent-fields.ts";
import { type Encoding, encodingOf, type StoredResponse } from "../store/stored-response.ts";
import type { CacheContext } from "./context.ts";
import type { CacheOutcome } from "./outcome.ts";
import { type Represented, representStored } from "./representation.ts";

/** A stored response as one client gets it. */
export interface ChosenForm {
  /** undefined: it is the response as it is stored. */
  readonly name: EncodingName | undefined;
  /** With the fields, the tag and the body of the form. */
  readonly response: StoredResponse;
}

const NONE: ReadonlySet<EncodingName> = new Set();

/** For any request. */
export function chosenForm(request: CacheRequest, stored: StoredResponse): ChosenForm {
  if (request.negotiation === undefined || !isNegotiated(stored)) return asStored(stored);
  return as(stored, formFor(request, stored.entityTag, heldFor(request.negotiation, stored)));
}

/** For a request without conditions and range. */
export function wholeForm(negotiation: Negotiation | undefined, stored: StoredResponse): ChosenForm {
  if (negotiation === undefined || stored.encodings === undefined || !isNegotiated(stored))
    return asStored(stored);
  return as(stored, preferredForm(negotiation.forms, heldFor(negotiation, stored)));
}

/** The coding that such a client would have liked, and that nobody has tried to make yet. */
function missingForm(forms: readonly Form[], stored: StoredResponse): ContentCoding | undefined {
  // A delta is made when a new version has come, or not at all.
  const best = forms.find((form) => form !== DELTA);
  if (best === undefined || best === "identity" || !isNegotiated(stored)) return undefined;
  const isTried = stored.encodings?.some(({ name }) => codingOf(name) === best) === true;
  return isTried ? undefined : best;
}

/** The fields of a whole response that arrives, for a client that has it in another form already. */
export function fieldsKnown(request: CacheRequest, fields: Fields, response: StoredResponse): Fields {
  if (request.negotiation === undefined || !isNegotiated(response)) return fields;
  const name = formFor(request, response.entityTag, NONE);
  return name === "identity" ? fields : codedFields(fields, response, name, undefined);
}

/** The answer to a request from a stored response. The form that the client would have liked is made behind it. */
export function formOf(
  request: CacheRequest,
  stored: StoredResponse,
  edge: WantingForms & Pick<CacheContext, "counters">,
): Represented & Pick<ChosenForm, "name"> {
  const form = chosenForm(request, stored);
  wantForm(request.negotiation?.forms ?? [], stored, edge);
  const represented = representStored(request, form.response);
  const { content } = represented;
  if (content.kind === "bytes" && request.method === "GET") countSaved(form, stored, content.length, edge);
  return { ...represented, name: form.name };
}

/** `sent`: bytes of content. A part of a form saves nothing that could be told. */
export function countSaved(
  { name, response }: ChosenForm,
  stored: StoredResponse,
  sent: number,
  { counters }: Pick<CacheContext, "counters">,
): void {
  if (name !== undefined && sent === response.bodyLength)
    counters.add("encodedBytesSaved", stored.bodyLength - sent);
}

/** What has forms made. */
export interface WantingForms {
  readonly compress?: ((stored: StoredResponse, coding: ContentCoding) => void) | undefined;
}

/** Has the form made that a client would have liked. */
export function wantForm(forms: readonly Form[], stored: StoredResponse, { compress }: WantingForms): void {
  const missing = missingForm(forms, stored);
  if (missing !== undefined) compress?.(stored, missing);
}

/** Cache-Status says which form it is, unless there is something else to say. */
export function withDetail<O extends CacheOutcome>(outcome: O, name: ChosenForm["name"]): O {
  return name === undefined || outcome.detail !== undefined ? outcome : { ...outcome, detail: name };
}

function asStored(response: StoredResponse): ChosenForm {
  return { name: undefined, response };
}

function as(stored: StoredResponse, name: FormName): ChosenForm {
  return name === "identity" ? asStored(stored) : { name, response: coded(stored, name) };
}

const heldNames = new WeakMap<readonly Encoding[], ReadonlySet<EncodingName>>();

function heldIn({ encodings }: StoredResponse): ReadonlySet<EncodingName> {
  if (encodings === undefined) return NONE;
  const known = heldNames.get(encodings);
  if (known !== undefined) return known;
  const names = new Set(encodings.filter(({ length }) => length > 0).map(({ name }) => name));
  heldNames.set(encodings, names);
  return names;
}

/** Those that may be used for the client: of a delta, only by the dictionary that it has. */
function heldFor(negotiation: Negotiation, stored: StoredResponse): ReadonlySet<EncodingName> {
  const held = heldIn(stored);
  const { dictionary } = negotiation;
  if (dictionary === undefined || !held.has(DELTA) || fits(dictionary, stored)) return held;
  return held.difference(new Set([DELTA]));
}

function fits(dictionary: OfferedDictionary, stored: StoredResponse): boolean {
  const [delta] = encodingOf(stored, DELTA)?.chunks ?? [];
  if (delta === undefined || hashInDcz(delta) !== dictionary.hash) return false;
  return mayUseDictionary(dictionary, stored.clientFields);
}

/** Made once for each response that is asked for in that form. */
const codedResponses = new WeakMap<StoredResponse, Map<EncodingName, StoredResponse>>();

function coded(stored: StoredResponse, name: EncodingName): StoredResponse {
  const known = codedResponses.get(stored) ?? new Map<EncodingName, StoredResponse>();
  const made = known.get(name);
  if (made !== undefined) return made;
  const encoding = encodingOf(stored, name);
  const { chunks, length: bodyLength } = encoding ?? { chunks: [], length: 0 };
  const fields = codedFields(stored.clientFields, stored, name, bodyLength).packed();
  const { entityTag: tag } = stored;
  const entityTag = tag === undefined ? undefined : formTag(tag, name);
  const sent = sentFields(fields, bodyLength);
  const response = { ...stored, fields, clientFields: fields, entityTag, chunks, bodyLength, sent };
  known.set(name, response);
  codedResponses.set(stored, known);
  return response;
}

/** `length`: of the coded body; undefined: there is none. */
function codedFields(
  fields: Fields,
  { entityTag }: StoredResponse,
  name: EncodingName,
  length: number | undefined,
): Fields {
  const tagged =
    entityTag === undefined || entityTag.weak
      ? fields
      : fields.with("ETag", written(formTag(entityTag, name)));
  const sized =
    length === undefined || !fields.has("Content-Length")
      ? tagged.without(["Content-Length"])
      : tagged.with("Content-Length", String(length));
  return sized.plus("Content-Encoding", codingOf(name));
}

function written({ weak, opaque }: EntityTag): string {
  return `${weak ? "W/" : ""}"${opaque}"`;
}
