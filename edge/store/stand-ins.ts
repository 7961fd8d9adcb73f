import { EquivalentsIndex, type StandIn } from "./equivalents-index.ts";
import type { StoredResponse } from "./stored-response.ts";

interface RowStandIn extends StandIn {
  readonly row: number;
}

/** The responses that stand for other targets too (No-Vary-Search), by their rows. */
export class StandIns {
  readonly #equivalents = new EquivalentsIndex<RowStandIn>();
  readonly #byRow = new Map<number, RowStandIn>();

  add(row: number, { site, base, target, variance }: StoredResponse): void {
    const standIn = { row, site, target, variance, ...(base === undefined ? {} : { base }) };
    this.#byRow.set(row, standIn);
    this.#equivalents.add(standIn);
  }

  /** One that is not there is no error. */
  remove(row: number): void {
    const standIn = this.#byRow.get(row);
    if (standIn !== undefined) this.#equivalents.remove(standIn);
    this.#byRow.delete(row);
  }

  find(request: Parameters<EquivalentsIndex<RowStandIn>["find"]>[0]): readonly number[] {
    return this.#equivalents.find(request).map(({ row }) => row);
  }
}
