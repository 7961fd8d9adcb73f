import { z } from "zod";
import type { AcmeFolder } from "./acme-folder.ts";
import { backOff, LONGEST_WAIT_MS, NO_TRIES, type RenewalWindow, type Tries, withOrder } from "./renewal.ts";

const hostEntry = z.object({
  failures: z.number().int().min(0),
  notBefore: z.number(),
  /** An order was begun, and its end was never written: its program was killed. */
  underWay: z.boolean().default(false),
  /** Of the certificate with this identifier, what the CA suggests, and when to ask it again. */
  renewal: z
    .object({
      of: z.string(),
      window: z.object({ start: z.number(), end: z.number() }).optional(),
      askAt: z.number(),
    })
    .optional(),
});

const shape = z.object({
  orders: z.array(z.number()),
  hosts: z.record(z.string(), hostEntry),
});

/** What a CA suggests about one certificate. */
export interface Suggestion {
  /** The identifier of the certificate (RFC 9773 section 4.1). */
  readonly of: string;
  /** undefined: it has told nothing. */
  readonly window?: RenewalWindow | undefined;
  /** Wall time at which it is asked again. */
  readonly askAt: number;
}

interface HostEntry extends Tries {
  readonly underWay: boolean;
  readonly renewal?: Suggestion | undefined;
}

/** What the programs of a fleet know of the orders made so far. It outlives them, so that a restart does not ask again. */
export interface OrderLedger {
  /** Wall times of the orders of late, in order. */
  readonly orders: readonly number[];
  readonly hosts: Readonly<Record<string, HostEntry>>;
}

const EMPTY: OrderLedger = { orders: [], hosts: {} };

const NO_ENTRY: HostEntry = { ...NO_TRIES, underWay: false };

/** Rejects when it is there and cannot be read: the orders that it counts must not be forgotten. `now`: wall time. */
export async function readLedger(folder: AcmeFolder, now: number): Promise<OrderLedger> {
  return parseLedger(await folder.readIfThere(folder.ledger), now);
}

/** One that is not there, or damaged, is empty. `now`: wall time. */
export function parseLedger(text: string | undefined, now: number): OrderLedger {
  if (text === undefined) return EMPTY;
  try {
    return plausible(shape.parse(JSON.parse(text)), now);
  } catch {
    // Losing it costs no more than a few tries that come too early.
    return EMPTY;
  }
}

/** Without the times that only a clock which was wrong can have written: nothing waits for them. */
function plausible({ orders, hosts }: OrderLedger, now: number): OrderLedger {
  const entries = Object.entries(hosts).map(([host, entry]): [string, HostEntry] => {
    const notBefore = entry.notBefore <= now + LONGEST_WAIT_MS ? entry.notBefore : now;
    const { renewal } = entry;
    const isOdd = renewal !== undefined && renewal.askAt > now + LONGEST_WAIT_MS;
    return [host, { ...entry, notBefore, renewal: isOdd ? undefined : renewal }];
  });
  return { orders: orders.filter((at) => at <= now), hosts: Object.fromEntries(entries) };
}

export function writeLedger(folder: AcmeFolder, ledger: OrderLedger): Promise<void> {
  return folder.write(folder.ledger, `${JSON.stringify(ledger)}\n`);
}

export function entryOf({ hosts }: OrderLedger, host: string): HostEntry {
  return Object.hasOwn(hosts, host) ? (hosts[host] ?? NO_ENTRY) : NO_ENTRY;
}

function withEntry(ledger: OrderLedger, host: string, change: Partial<HostEntry>): OrderLedger {
  return { ...ledger, hosts: { ...ledger.hosts, [host]: { ...entryOf(ledger, host), ...change } } };
}

/** An order for `host` begins: it counts from now on, whatever becomes of it. */
export function begun(ledger: OrderLedger, host: string, now: number): OrderLedger {
  return withEntry({ ...ledger, orders: withOrder(ledger.orders, now) }, host, { underWay: true });
}

/** `notBefore`: the wall time at which another one may be ordered. */
export function issued(ledger: OrderLedger, host: string, notBefore: number): OrderLedger {
  return withEntry(ledger, host, { ...NO_ENTRY, notBefore, renewal: undefined });
}

/** `askedMs`: by the Retry-After of the CA; `unit`: uniform in [0, 1). */
export function failed(
  ledger: OrderLedger,
  host: string,
  { now, askedMs, unit }: { readonly now: number; readonly askedMs: number; readonly unit: number },
): OrderLedger {
  const failures = entryOf(ledger, host).failures + 1;
  const notBefore = now + backOff(failures, askedMs, unit);
  return withEntry(ledger, host, { failures, notBefore, underWay: false });
}

/** The program stops before the order is over. It is no failure. */
export function leftOff(ledger: OrderLedger, host: string): OrderLedger {
  return withEntry(ledger, host, { underWay: false });
}

export function suggested(ledger: OrderLedger, host: string, renewal: Suggestion): OrderLedger {
  return withEntry(ledger, host, { renewal });
}

/** Hosts whose order was begun by a program that is no more. */
export function unfinished({ hosts }: OrderLedger): readonly string[] {
  return Object.keys(hosts).filter((host) => hosts[host]?.underWay === true);
}
