import { readFile } from "node:fs/promises";
import { type Authorization, Client, crypto, type Order } from "acme-client";
import { z } from "zod";
import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import { covers, readCertificate } from "../tls/certificate.ts";
import type { AcmeFolder } from "./acme-folder.ts";
import { AcmeRefusal, problemType } from "./acme-refusal.ts";
import type { AcmeConfig } from "./acme-settings.ts";
import { type Transport, withTransport } from "./acme-transport.ts";
import { SPREAD_MS, TOKEN } from "./challenges.ts";
import type { Life } from "./renewal.ts";

// A check takes a CA a second or two, and some minutes when it is busy.
const LOOK_MS = 1_000;
const LOOKS = 300;

const problem = z.object({ type: z.string().optional(), detail: z.string().optional() });

/** A new certificate. */
interface Obtained {
  /** Its chain and key. */
  readonly pem: string;
  readonly life: Life;
}

/** An account at a CA, by which certificates are ordered. */
export class AcmeAccount {
  readonly #config: AcmeConfig;
  readonly #folder: AcmeFolder;
  readonly #clock: Clock;
  #client: Client | undefined;

  constructor(config: AcmeConfig, folder: AcmeFolder, clock: Clock) {
    this.#config = config;
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Reads --acme-ca anew each time, so that a file which is put right helps. */
  async transport(signal: AbortSignal): Promise<Transport> {
    const { ca } = this.#config;
    const pem =
      ca === undefined
        ? undefined
        : await readFile(ca, "utf8").catch((cause: unknown) => {
            throw new AcmeRefusal(
              "storage",
              `--acme-ca: must be a file that can be read, got ${describeError(cause)}`,
            );
          });
    return { ca: pem, now: () => this.#clock.wall(), signal };
  }

  /**
   * Orders a certificate. `replaces`: the identifier of the one before (RFC 9773 section 5). Resolves with the
   * certificate, and with its chain and key as PEM. Throws an AcmeRefusal; when `signal` aborts, its reason.
   */
  async obtain(host: string, replaces: string | undefined, signal: AbortSignal): Promise<Obtained> {
    const transport = await this.transport(signal);
    return withTransport(transport, async () => {
      const client = await this.#open();
      const order = await newOrder(client, host, replaces).catch((thrown: unknown) => {
        // RFC 8555 section 7.3: such as after a test server lost its memory. The next order makes the account anew.
        if (thrown instanceof AcmeRefusal && thrown.type === "accountDoesNotExist") this.#client = undefined;
        throw thrown;
      });
      for (const authorization of await client.getAuthorizations(order))
        if (authorization.status !== "valid") await this.#prove(client, host, authorization, signal);
      const key = (await crypto.createPrivateEcdsaKey("P-256")).toString();
      const [, request] = await crypto.createCsr({ altNames: [host] }, key);
      const ready = await this.#settled(client, order, "pending", signal);
      const finalized = ready.status === "ready" ? await client.finalizeOrder(order, request) : ready;
      const valid = await this.#settled(client, finalized, "processing", signal);
      if (valid.status !== "valid") throw refusedOrder(valid);
      return checked(host, `${key.trim()}\n${(await client.getCertificate(valid)).trim()}\n`);
    });
  }

  async #open(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const { directory, email } = this.#config;
    const kept = await this.#folder.readIfThere(this.#folder.account);
    const accountKey = kept ?? (await crypto.createPrivateEcdsaKey("P-256")).toString();
    // Kept before the CA knows it: an account whose key is lost is lost.
    if (kept === undefined) await this.#folder.write(this.#folder.account, accountKey);
    const client = new Client({ directoryUrl: directory, accountKey });
    await client.createAccount({
      termsOfServiceAgreed: true,
      ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
    });
    this.#client = client;
    return client;
  }

  /** RFC 8555 section 7.5.1. */
  async #prove(
    client: Client,
    host: string,
    authorization: Authorization,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted: string = this.#config.challenge;
    const challenge = authorization.challenges.find(({ type }: { readonly type: string }) => type === wanted);
    if (challenge === undefined) {
      const offered = authorization.challenges.map(({ type }) => type).join(", ");
      throw new AcmeRefusal(
        "refused",
        `--acme-challenge: the CA must offer ${wanted} for ${host}, got ${offered}`,
      );
    }
    // It becomes the name of a file.
    if (!TOKEN.test(challenge.token))
      throw new AcmeRefusal("refused", `the CA must send a token of base64url, got "${challenge.token}"`);
    const keyAuthorization = await client.getChallengeKeyAuthorization(challenge);
    const path = await this.#publish(host, authorization, challenge.token, keyAuthorization);
    try {
      // Every program that answers for the host must have seen it: the CA may ask any of them.
      await this.#clock.wait(SPREAD_MS, signal);
      await client.completeChallenge(challenge);
      await this.#proven(client, host, authorization, signal);
    } finally {
      await this.#folder.remove(path).catch(() => undefined);
    }
  }

  async #publish(
    host: string,
    authorization: Authorization,
    token: string,
    keyAuthorization: string,
  ): Promise<string> {
    const type = this.#config.challenge;
    switch (type) {
      case "http-01": {
        const path = this.#folder.on(type, token);
        await this.#folder.write(path, keyAuthorization);
        return path;
      }
      case "tls-alpn-01": {
        const key = (await crypto.createPrivateEcdsaKey("P-256")).toString();
        const [, cert] = await crypto.createAlpnCertificate(authorization, keyAuthorization, key);
        const path = this.#folder.on(type, `${host}.pem`);
        await this.#folder.write(path, `${key.trim()}\n${cert.toString().trim()}\n`);
        return path;
      }
    }
  }

  async #proven(client: Client, host: string, { url }: Authorization, signal: AbortSignal): Promise<void> {
    for (let look = 0; look < LOOKS; look += 1) {
      await this.#clock.wait(LOOK_MS, signal);
      // The library reads the authorizations of an order: it is told of this one alone.
      const [found] = await client.getAuthorizations({ ...NO_ORDER, authorizations: [url] });
      if (found?.status === "valid") return;
      if (found?.status !== "pending") {
        const why = found?.challenges.find(({ error }) => error !== undefined)?.error;
        const { type, detail = "no detail" } = problem.safeParse(why).data ?? {};
        const said = `${problemType(type) ?? "no type"}, ${detail}`;
        throw new AcmeRefusal(
          "challenge-failed",
          `the CA could not check ${host} by ${this.#config.challenge}: ${said}`,
        );
      }
    }
    throw new AcmeRefusal("challenge-failed", `the CA must check ${host} within ${LOOKS} s, and has not`);
  }

  async #settled(client: Client, order: Order, pending: string, signal: AbortSignal): Promise<Order> {
    let found = order;
    for (let look = 0; look < LOOKS; look += 1) {
      found = { ...(await client.getOrder(order)), url: order.url };
      if (found.status !== pending) return found;
      await this.#clock.wait(LOOK_MS, signal);
    }
    throw new AcmeRefusal(
      "refused",
      `the CA must end an order within ${LOOKS} s, and it is still ${pending}`,
    );
  }
}

const NO_ORDER: Order = { url: "", status: "pending", identifiers: [], authorizations: [], finalize: "" };

async function newOrder(client: Client, host: string, replaces: string | undefined): Promise<Order> {
  const order = { identifiers: [{ type: "dns", value: host }] };
  if (replaces === undefined) return client.createOrder(order);
  try {
    // The library passes every member on.
    const renewal: typeof order & { readonly replaces: string } = { ...order, replaces };
    return await client.createOrder(renewal);
  } catch (thrown) {
    // RFC 9773 section 5: it was replaced already, or is of another account. It can still be ordered as a new one.
    if (!(thrown instanceof AcmeRefusal) || thrown.reason !== "refused") throw thrown;
    return client.createOrder(order);
  }
}

function refusedOrder({ status, error }: Order): AcmeRefusal {
  const { type, detail = "no detail" } = problem.safeParse(error).data ?? {};
  return new AcmeRefusal(
    "refused",
    `the order must become valid, got ${status}: ${problemType(type)}, ${detail}`,
  );
}

/** What the CA has sent is looked at before it takes the place of a certificate that serves. */
function checked(host: string, pem: string): Obtained {
  const read = readCertificate({ cert: "the answer of the CA", key: "the key of the order" }, () => pem);
  if (read.kind === "unusable") throw new AcmeRefusal("refused", read.why);
  if (!covers(read.certificate.names, host)) {
    const names = read.certificate.names.join(", ");
    throw new AcmeRefusal("refused", `the CA must issue a certificate for ${host}, got one for ${names}`);
  }
  return { pem, life: read.certificate };
}
