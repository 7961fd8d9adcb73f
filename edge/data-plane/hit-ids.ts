import { REQUEST_ID, type RequestIds } from "../../http/access-log/request-id.ts";
import type { Fields } from "../../http/message/fields.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { Peer } from "../../http/server/peer.ts";

/** The identifiers of the requests of one connection that are answered at once. */
export class HitIds {
  readonly #ids: RequestIds;
  readonly #peer: Peer;
  #fields: RequestHead["fields"] | undefined;
  /** In these fields. */
  #given: string | undefined;
  #request: RequestHead | undefined;
  #id = "";

  constructor(ids: RequestIds, peer: Peer) {
    this.#ids = ids;
    this.#peer = peer;
  }

  /** The same for a request that is asked for again before the next one. */
  of(request: RequestHead): string {
    if (request === this.#request) return this.#id;
    const { fields } = request;
    if (fields !== this.#fields) {
      this.#fields = fields;
      this.#given = givenId(fields.section, this.#peer);
    }
    this.#request = request;
    this.#id = this.#given === undefined ? this.#ids.next() : this.#ids.of(this.#given);
    return this.#id;
  }

  /** The field line that tells the client. */
  line(request: RequestHead): string {
    return idLine(this.of(request));
  }
}

export function idLine(id: string): string {
  return `${REQUEST_ID}: ${id}\r\n`;
}

/** The identifier of a request, when a trusted proxy has given it one. */
export function givenId(fields: Fields, { trusted }: Peer): string | undefined {
  return trusted ? fields.get(REQUEST_ID) : undefined;
}
