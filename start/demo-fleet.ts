import { z } from "zod";
import type { Token } from "../process/control/tokens.ts";
import { describeError, Failure } from "../process/failure.ts";

// Longer than an edge waits for receipts by itself.
const PATIENCE_MS = 10_000;

const VIEW = z.array(
  z.object({ edge: z.string().nullable(), state: z.string(), rttMs: z.number().nullable() }),
);
const RECEIPTS = z.object({
  edges: z.array(z.object({ edge: z.string(), state: z.string(), ms: z.number() })),
});

/** What the demo site tells of the system that serves it. */
export interface DemoView {
  readonly dashboard: string;
  readonly edges: readonly { readonly edge: string; readonly state: string; readonly rttMs: number | null }[];
}

/** The running system, as an application beside it calls it: by HTTP, with the token. */
export class DemoFleet {
  readonly #operatorPorts: () => { readonly router: string; readonly edges: readonly string[] };
  readonly #token: Token | undefined;

  /** `operatorPorts`: the base URLs of those that run now. */
  constructor(
    operatorPorts: () => { readonly router: string; readonly edges: readonly string[] },
    token: Token | undefined,
  ) {
    this.#operatorPorts = operatorPorts;
    this.#token = token;
  }

  /** Throws a Failure. */
  async view(): Promise<DemoView> {
    const { router } = this.#operatorPorts();
    const rows = VIEW.parse(await this.#call(`${router}/edges.json`, {}));
    const edges = rows.flatMap(({ edge, ...rest }) => (edge === null ? [] : [{ edge, ...rest }]));
    edges.sort((a, b) => a.edge.localeCompare(b.edge));
    return { dashboard: `${router}/`, edges };
  }

  /** Purges by a tag, and says in words what each edge made of it. Throws a Failure. */
  async purge(tag: string): Promise<string> {
    const body = JSON.stringify({ tags: [tag] });
    const asked = { method: "POST", body, headers: { "Content-Type": "application/json" } };
    let why = new Failure("unavailable", "edge", "no edge runs");
    // An edge may be cut off from the purge log, and another one not.
    for (const edge of this.#operatorPorts().edges) {
      try {
        return receiptsText(RECEIPTS.parse(await this.#call(`${edge}/purge`, asked)));
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        why = thrown;
      }
    }
    throw why;
  }

  async #call(url: string, { headers, ...asked }: RequestInit): Promise<unknown> {
    const proof = this.#token === undefined ? {} : { Authorization: this.#token.authorization };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const unavailable = (why: string) => new Failure("unavailable", "edge", `${url} ${why}`);
    const sent = { ...asked, headers: { ...headers, ...proof }, signal };
    const [answer, text] = await fetch(url, sent)
      .then(async (answer) => [answer, await answer.text()] as const)
      .catch((thrown: unknown) => {
        throw unavailable(`does not answer: ${describeError(thrown)}`);
      });
    if (!answer.ok) throw unavailable(`answers ${answer.status}: ${text}`);
    return JSON.parse(text);
  }
}

function receiptsText({ edges }: z.infer<typeof RECEIPTS>): string {
  return edges
    .map(({ edge: id, state, ms }) =>
      state === "applied" ? `${id} applied after ${Math.round(ms)} ms` : `${id} ${state}`,
    )
    .join(", ");
}
