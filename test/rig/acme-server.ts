import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { listen } from "../../process/listen.ts";
import { checkAlpn, checkHttp, type ProvingPorts } from "./acme-check.ts";
import { AcmeIssuer, type Life } from "./acme-issuer.ts";
import { makeCertificate } from "./certificate-files.ts";

const jwk = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });
const signed = z.object({ protected: z.string(), payload: z.string(), signature: z.string() });
const header = z.object({
  alg: z.literal("ES256"),
  nonce: z.string(),
  url: z.string(),
  jwk: jwk.optional(),
  kid: z.string().optional(),
});
const newOrder = z.object({
  identifiers: z.array(z.object({ type: z.literal("dns"), value: z.string() })).length(1),
  replaces: z.string().optional(),
});

/** A refusal that the server gives in the place of an answer. */
export interface AcmeProblem {
  readonly status: number;
  /** Without its prefix. */
  readonly type: string;
  readonly retryAfter?: string;
}

class Refused extends Error {
  readonly problem: AcmeProblem;
  constructor(problem: AcmeProblem, detail: string) {
    super(detail);
    this.problem = problem;
  }
}

interface TestOrder {
  readonly id: string;
  readonly host: string;
  readonly token: string;
  readonly thumbprint: string;
  state: "pending" | "ready" | "valid" | "invalid";
  why: string;
  chain: string;
}

type Jwk = z.infer<typeof jwk>;

/**
 * An ACME server (RFC 8555) that checks signatures, nonces and challenges, and issues real certificates. It looks for every
 * host at ports of this machine.
 */
export class AcmeServer {
  /** Where hosts must prove themselves. */
  ports: ProvingPorts = { http: 0, tls: 0 };
  life: Life = { from: -1, to: 89 };
  /** RFC 9773; days from now. undefined: the server has no such resource. */
  suggests: Life | undefined;
  /** Answers to the next orders, in order. */
  readonly refusals: AcmeProblem[] = [];
  /** So many nonces are not taken. */
  badNonces = 0;
  /** The hosts ordered so far, and what each order replaces. */
  readonly orders: { readonly host: string; readonly replaces: string | undefined }[] = [];
  /** Called when a client says that a challenge is ready, before it is checked. */
  beforeCheck: () => Promise<void> = async () => undefined;
  readonly contacts: unknown[] = [];
  readonly issuer: AcmeIssuer;
  /** By which clients check the server itself, PEM. */
  readonly cert: string;
  readonly #server: Server;
  readonly #nonces = new Set<string>();
  readonly #accounts: Jwk[] = [];
  readonly #orders = new Map<string, TestOrder>();
  #base = "";

  private constructor(issuer: AcmeIssuer, cert: string, key: string) {
    this.issuer = issuer;
    this.cert = cert;
    this.#server = createServer({ cert, key }, (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<AcmeServer> {
    const { cert, key } = await makeCertificate(["localhost"]);
    const server = new AcmeServer(await AcmeIssuer.make(), cert, key);
    server.#base = `https://localhost:${await listen(server.#server, "127.0.0.1", 0, "ACME server")}`;
    return server;
  }

  /** The server has lost its memory. */
  forgetAccounts(): void {
    this.#accounts.length = 0;
  }

  get directory(): string {
    return `${this.#base}/directory`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = randomBytes(8).toString("base64url");
    this.#nonces.add(nonce);
    response.setHeader("Replay-Nonce", nonce);
    try {
      const body = await text(request);
      const [, resource = "", id = ""] = (request.url ?? "").split("/");
      const made = request.method === "POST" ? await this.#post(resource, id, body) : this.#get(resource);
      for (const [name, value] of Object.entries(made.fields ?? {})) response.setHeader(name, value);
      response
        .writeHead(made.status ?? 200)
        .end(typeof made.body === "string" ? made.body : JSON.stringify(made.body));
    } catch (thrown) {
      const { problem, message } =
        thrown instanceof Refused
          ? thrown
          : { problem: { status: 400, type: "malformed", retryAfter: undefined }, message: String(thrown) };
      if (problem.retryAfter !== undefined) response.setHeader("Retry-After", problem.retryAfter);
      response.setHeader("Content-Type", "application/problem+json");
      const type = `urn:ietf:params:acme:error:${problem.type}`;
      response.writeHead(problem.status).end(JSON.stringify({ type, detail: message }));
    }
  }

  #get(resource: string): Made {
    switch (resource) {
      case "directory": {
        const at = (name: string) => `${this.#base}/${name}`;
        const body = { newNonce: at("nonce"), newAccount: at("account"), newOrder: at("order") };
        return { body: this.suggests === undefined ? body : { ...body, renewalInfo: at("renewal") } };
      }
      case "nonce":
        return { body: "" };
      case "renewal": {
        const { from, to } = this.suggests ?? this.life;
        const day = (days: number) => new Date(Date.now() + days * 24 * 3_600_000).toISOString();
        return {
          body: { suggestedWindow: { start: day(from), end: day(to) } },
          fields: { "Retry-After": "60" },
        };
      }
      default:
        throw new Refused({ status: 404, type: "malformed" }, `there is no ${resource}`);
    }
  }

  async #post(resource: string, id: string, body: string): Promise<Made> {
    const { payload, key } = this.#verified(body, resource, id);
    if (resource === "account") return this.#newAccount(payload, key);
    const kid = this.#accounts.findIndex((each) => each.x === key.x);
    if (kid < 0) throw new Refused({ status: 400, type: "accountDoesNotExist" }, "there is no such account");
    if (resource === "order" && id === "") return this.#newOrder(payload, key);
    if (resource === "accounts") return { body: { status: "valid" } };
    const order = this.#orders.get(id);
    if (order === undefined) throw new Refused({ status: 404, type: "malformed" }, `there is no order ${id}`);
    switch (resource) {
      case "order":
        return { body: this.#orderBody(order) };
      case "authz":
        return { body: this.#authorizationBody(order) };
      case "http-01":
      case "tls-alpn-01":
        void this.#check(order, resource);
        return {
          body: {
            type: resource,
            url: `${this.#base}/${resource}/${id}`,
            token: order.token,
            status: "pending",
          },
        };
      case "finalize": {
        if (order.state !== "ready")
          throw new Refused({ status: 403, type: "orderNotReady" }, "it is not ready");
        order.chain = await this.issuer.issue(
          order.host,
          z.object({ csr: z.string() }).parse(payload).csr,
          this.life,
        );
        order.state = "valid";
        return { body: this.#orderBody(order) };
      }
      case "certificate":
        return { body: order.chain, fields: { "Content-Type": "application/pem-certificate-chain" } };
      default:
        throw new Refused({ status: 404, type: "malformed" }, `there is no ${resource}`);
    }
  }

  /** RFC 8555 section 6.2 to 6.5. */
  #verified(body: string, resource: string, id: string): { readonly payload: unknown; readonly key: Jwk } {
    const jws = signed.parse(JSON.parse(body));
    const head = header.parse(JSON.parse(Buffer.from(jws.protected, "base64url").toString()));
    const isNew = this.#nonces.delete(head.nonce);
    this.badNonces -= 1;
    if (!isNew || this.badNonces >= 0)
      throw new Refused({ status: 400, type: "badNonce" }, "not a new nonce");
    const url = `${this.#base}/${resource}${id === "" ? "" : `/${id}`}`;
    if (head.url !== url) throw new Refused({ status: 401, type: "unauthorized" }, `signed for ${head.url}`);
    const key = head.jwk ?? this.#accounts[Number(head.kid?.split("/").at(-1))];
    if (key === undefined) throw new Refused({ status: 400, type: "accountDoesNotExist" }, `no ${head.kid}`);
    const text = Buffer.from(`${jws.protected}.${jws.payload}`);
    const signature = Buffer.from(jws.signature, "base64url");
    const publicKey = createPublicKey({ key, format: "jwk" });
    if (!verify("sha256", text, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature))
      throw new Refused({ status: 401, type: "unauthorized" }, "the signature is wrong");
    const said = Buffer.from(jws.payload, "base64url").toString();
    return { payload: said === "" ? undefined : JSON.parse(said), key };
  }

  #newAccount(payload: unknown, key: Jwk): Made {
    const { termsOfServiceAgreed, contact } = z
      .object({ termsOfServiceAgreed: z.boolean(), contact: z.array(z.string()).optional() })
      .parse(payload);
    if (!termsOfServiceAgreed) throw new Refused({ status: 403, type: "userActionRequired" }, "terms");
    this.contacts.push(contact);
    const known = this.#accounts.findIndex((each) => each.x === key.x);
    const index = known < 0 ? this.#accounts.push(key) - 1 : known;
    const fields = { Location: `${this.#base}/accounts/${index}` };
    return { status: known < 0 ? 201 : 200, body: { status: "valid" }, fields };
  }

  #newOrder(payload: unknown, key: Jwk): Made {
    const { identifiers, replaces } = newOrder.parse(payload);
    const host = identifiers[0]?.value ?? "";
    this.orders.push({ host, replaces });
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw new Refused(refusal, "refused by the test");
    const id = String(this.#orders.size);
    const { crv, kty, x, y } = key;
    // RFC 7638.
    const thumbprint = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
    const token = randomBytes(24).toString("base64url");
    const order: TestOrder = { id, host, token, thumbprint, state: "pending", why: "", chain: "" };
    this.#orders.set(id, order);
    return { status: 201, body: this.#orderBody(order), fields: { Location: `${this.#base}/order/${id}` } };
  }

  async #check(order: TestOrder, type: "http-01" | "tls-alpn-01"): Promise<void> {
    await this.beforeCheck();
    const proof = `${order.token}.${order.thumbprint}`;
    try {
      if (type === "http-01") await checkHttp(order.host, order.token, proof, this.ports.http);
      else await checkAlpn(order.host, proof, this.ports.tls);
      order.state = "ready";
    } catch (thrown) {
      order.state = "invalid";
      order.why = String(thrown);
    }
  }

  #orderBody({ id, host, state }: TestOrder): object {
    const at = (name: string) => `${this.#base}/${name}/${id}`;
    return {
      status: state,
      identifiers: [{ type: "dns", value: host }],
      authorizations: [at("authz")],
      finalize: at("finalize"),
      ...(state === "valid" ? { certificate: at("certificate") } : {}),
    };
  }

  #authorizationBody({ id, host, state, token, why }: TestOrder): object {
    const status = state === "ready" ? "valid" : state;
    const error =
      state === "invalid" ? { type: "urn:ietf:params:acme:error:connection", detail: why } : undefined;
    const challenges = ["http-01", "tls-alpn-01", "dns-01"].map((type) => ({
      type,
      url: `${this.#base}/${type}/${id}`,
      token,
      status,
      error,
    }));
    return { status, identifier: { type: "dns", value: host }, challenges };
  }
}

interface Made {
  readonly status?: number;
  readonly body: object | string;
  readonly fields?: Readonly<Record<string, string>>;
}
