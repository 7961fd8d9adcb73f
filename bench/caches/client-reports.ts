/** The results of a turn. */
export interface Answered {
  readonly requests: number;
  readonly perSecond: number;
  /** NaN: the client does not tell. */
  readonly p99Ms: number;
  /** How late the client itself was with its requests, 99th percentile; undefined: it sends them when it can. */
  readonly lateMs?: number;
}

/** The output of h2load. Throws when an answer failed. */
export function readH2load(said: string): Answered {
  const [, rate] = /^finished in .*?, ([\d.]+) req\/s/m.exec(said) ?? [];
  const [, done, failed, errored] =
    /^requests: .* (\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored/m.exec(said) ?? [];
  if (rate === undefined || done === undefined || failed !== "0" || errored !== "0") {
    throw new Error(`h2load said:\n${said}`);
  }
  return { requests: Number(done), perSecond: Number(rate), p99Ms: Number.NaN };
}

/** The handshakes that openssl s_time has made. */
export function readHandshakes(said: string): number {
  const [, count] = /^(\d+) connections in \d+ real seconds/m.exec(said) ?? [];
  if (count === undefined) throw new Error(`openssl s_time said:\n${said}`);
  return Number(count);
}

/** The line of paced.c. */
export function readPaced(said: string): Answered {
  const read: unknown = JSON.parse(said);
  if (!isAnswered(read)) throw new Error(`paced said: ${said}`);
  return read;
}

function isAnswered(read: unknown): read is Answered {
  if (typeof read !== "object" || read === null) return false;
  const numbers: Readonly<Record<string, unknown>> = { ...read };
  return ["requests", "perSecond", "p99Ms", "lateMs"].every((name) => typeof numbers[name] === "number");
}
