import { Failure } from "../../process/failure.ts";
import { cancelContent, type Served, type StreamContent, streamOf } from "./answer.ts";
import type { SliceSource } from "./slice-source.ts";

/** The slice that an answer begins with, which has been taken already. */
export interface TakenSlice {
  readonly number: number;
  readonly served: Served;
}

interface Reach {
  /** Of the whole body. */
  readonly length: number;
  /** The last byte that the client gets. */
  readonly last: number;
}

/** The body, slice by slice as it is read. */
export function slicedContent(
  source: SliceSource,
  first: TakenSlice,
  { length, last }: Reach,
): StreamContent {
  return {
    kind: "stream",
    length,
    read: (from) => readSlices(source, first, from, { length, last }),
    cancel: () => cancelContent(first.served.content),
  };
}

async function* readSlices(
  source: SliceSource,
  first: TakenSlice,
  from: number,
  { length, last }: Reach,
): AsyncGenerator<Uint8Array> {
  const { size } = source;
  const begin = Math.floor(from / size);
  const end = Math.floor(last / size);
  if (begin !== first.number) cancelContent(first.served.content);
  let ahead: Promise<Served> | undefined;
  const takeAhead = (number: number): Promise<Served> => {
    const taking = source.take(number);
    // Its failure is told when its turn has come.
    taking.catch(() => undefined);
    return taking;
  };
  try {
    for (let number = begin; number <= end; number += 1) {
      const served = number === first.number ? first.served : await (ahead ?? source.take(number));
      ahead = undefined;
      let position = number === begin ? from % size : 0;
      const most = Math.min(size, length - number * size);
      const content = streamOf(served.content);
      for await (const chunk of content?.read(position) ?? []) {
        position += chunk.byteLength;
        // What comes behind it would stand in a wrong place.
        if (position > most) throw misfit();
        yield chunk;
        // The client has taken half of this slice: by the time that it has the rest, the next one is there. Further ones
        // wait, so a reader holds two slices, and one that leaves costs the origin one slice more than it read.
        if (position * 2 >= size && number < end) ahead ??= takeAhead(number + 1);
      }
      if (position < most) throw misfit();
    }
  } finally {
    ahead?.then(
      ({ content }) => cancelContent(content),
      () => undefined,
    );
  }
}

function misfit(): Failure {
  return new Failure("slice-failed", "origin", "a slice has not as many bytes as its Content-Range says");
}
