import { Failure } from "../../process/failure.ts";
import type { GiveUpSignal } from "./give-up.ts";
import {
  addConnections,
  type OriginConnections,
  type OriginRequest,
  type OriginResponse,
  type ReplaceableOrigin,
} from "./origin.ts";

/** The origin of a site, with others that its rules choose by name. */
export class NamedOrigins implements ReplaceableOrigin {
  readonly #usual: ReplaceableOrigin;
  readonly #named: ReadonlyMap<string, ReplaceableOrigin>;

  constructor(usual: ReplaceableOrigin, named: ReadonlyMap<string, ReplaceableOrigin>) {
    this.#usual = usual;
    this.#named = named;
  }

  async fetch(request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse> {
    const { origin } = request;
    const asked = origin === undefined ? this.#usual : this.#named.get(origin);
    if (asked === undefined) throw new Failure("unknown-origin", "edge", `no origin has the name ${origin}`);
    return asked.fetch(request, signal);
  }

  async probe(): Promise<void> {
    await this.#each((origin) => origin.probe());
  }

  async close(): Promise<void> {
    await this.#each((origin) => origin.close());
  }

  get connections(): OriginConnections {
    return addConnections([this.#usual, ...this.#named.values()].map(({ connections }) => connections));
  }

  async retire(): Promise<void> {
    await this.#each((origin) => origin.retire());
  }

  async #each(act: (origin: ReplaceableOrigin) => Promise<void>): Promise<void> {
    await Promise.all([this.#usual, ...this.#named.values()].map(act));
  }
}
