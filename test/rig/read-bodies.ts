/** What a thread that writes a store shares with those that read it. */
export interface ReadingWords {
  /** Of Sharing. */
  readonly sharing: Int32Array;
  /** By key, the least version that may still be found. */
  readonly floors: Int32Array;
  /** 1 at the end, then for each thread how many responses it has found. */
  readonly words: Int32Array;
}

/** Every byte says of which key and version it is. */
export function bodyOf(i: number, version: number): Buffer {
  const text = `${i} ${version};`;
  return Buffer.from(text.repeat(20 + ((i * 31 + version * 17) % 400)));
}

export function versionIn(body: Buffer): number {
  return Number(body.toString("latin1", body.indexOf(" "), body.indexOf(";")));
}
