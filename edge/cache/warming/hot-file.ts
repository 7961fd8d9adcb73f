import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import { describeError, Failure } from "../../../process/failure.ts";
import type { HotPage } from "./hot-pages.ts";

// 10,000 pages with URLs of 800 characters. A larger file is none of ours.
const MOST_BYTES = 8 * 1024 * 1024;

// Its URLs are for the owner alone.
const MODE = 0o600;

const text = z.string().max(8_192);
const hotFile = z.strictObject({
  version: z.literal(1),
  pages: z.array(
    z.strictObject({
      site: text,
      base: text.optional(),
      target: text.startsWith("/"),
      fields: z.array(z.tuple([text, text])).max(64),
      mark: text.optional(),
      uses: z.number().min(0),
    }),
  ),
});

/** None when there is no file yet. Throws a Failure for a file that cannot be read, or is something else. */
export async function readHotFile(path: string): Promise<readonly HotPage[]> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new Error(`must be at most ${MOST_BYTES} bytes, got ${size}`);
    return hotFile.parse(JSON.parse(await readFile(path, "utf8"))).pages;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return [];
    const rule = "must be a file that an edge has written there";
    throw new Failure("bad-file", "config", `--warm-start: ${rule}, got "${path}": ${whyOf(thrown)}`);
  }
}

function whyOf(thrown: unknown): string {
  const [issue] = thrown instanceof z.ZodError ? thrown.issues : [];
  return issue === undefined ? describeError(thrown) : `${z.core.toDotPath(issue.path)}: ${issue.message}`;
}

/** Puts the pages in the place of what the file has. Rejects when it cannot be written. */
export async function writeHotFile(path: string, pages: readonly HotPage[]): Promise<void> {
  const draft = `${path}.draft`;
  await writeFile(draft, `${JSON.stringify({ version: 1, pages })}\n`, { mode: MODE });
  await rename(draft, path);
}
