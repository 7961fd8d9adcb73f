import { relativeReferences } from "../rules/own-references.ts";
import type { GiveUpSignal } from "./give-up.ts";
import {
  NO_CONNECTIONS,
  type OriginConnections,
  type OriginRequest,
  type OriginResponse,
  type ReplaceableOrigin,
} from "./origin.ts";

/** An origin whose references to its own address become relative, so that clients stay with the edge. */
export class RelativeOrigin implements ReplaceableOrigin {
  readonly #origin: ReplaceableOrigin;
  readonly #own: ReadonlySet<string>;

  /** `own`: as relativeReferences has it. */
  constructor(origin: ReplaceableOrigin, own: ReadonlySet<string>) {
    this.#origin = origin;
    this.#own = own;
  }

  async fetch(request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse> {
    const response = await this.#origin.fetch(request, signal);
    const fields = relativeReferences(response.fields, this.#own);
    return fields === response.fields ? response : { ...response, fields };
  }

  probe(): Promise<void> {
    return this.#origin.probe();
  }

  close(): Promise<void> {
    return this.#origin.close();
  }

  get connections(): OriginConnections {
    return this.#origin.connections ?? NO_CONNECTIONS;
  }

  retire(): Promise<void> {
    return this.#origin.retire();
  }
}
