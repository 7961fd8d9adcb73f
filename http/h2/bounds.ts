// What one connection of HTTP/2 may cost. Beyond a bound the connection ends with GOAWAY (ENHANCE_YOUR_CALM), unless said
// otherwise. Named attacks: CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2024-27983, CVE-2025-8671.

/** Requests under way. RFC 9113 section 6.5.2 recommends 100; more are refused one by one (REFUSED_STREAM). */
export const MOST_STREAMS = 100;

/**
 * Bytes of a decoded field list, with 32 for each field. Lists up to it are answered 431 when they break the limits of
 * HTTP/1.1 (8 KiB), which helps people; nobody sends more in good faith.
 */
export const MOST_LIST_BYTES = 64 * 1024;

/** Bytes of a header block as it is sent. Coding makes a list smaller, so a longer block is no list that we take. */
export const MOST_BLOCK_BYTES = 64 * 1024;

/** CONTINUATION frames of a block, as nghttp2 allows: a list that we take needs none. */
export const MOST_CONTINUATIONS = 8;

/** Bytes of all request bodies that wait for the program. Beyond it a sender has to wait: it is the window. */
export const CONNECTION_WINDOW = 1024 * 1024;

/** The same of one body. RFC 9113 section 6.9.2: the size that both sides begin with. */
export const STREAM_WINDOW = 65_535;

/** A bucket: so many at once, and so many more each second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Streams that the client resets, or makes us reset. A browser that leaves a page resets what it had asked for, up to
 * MOST_STREAMS at once; the work behind each goes on for a moment, so an endless stream of them must end.
 */
export const RESETS: Rate = { burst: 2 * MOST_STREAMS, perSecond: 20 };

/**
 * Frames that bring nothing forward: PING, SETTINGS, PRIORITY, unknown types, DATA without content, WINDOW_UPDATE beyond what
 * our own DATA explains, and frames on streams that are over. Clients send a few of them with each request.
 */
export const IDLE_FRAMES: Rate = { burst: 1_000, perSecond: 50 };

/** Idle frames that a request explains: its priority, the window of its answer, a PING to measure the way. */
export const PER_REQUEST = 4;

/** Idle frames that a DATA frame of ours explains: one WINDOW_UPDATE for the stream, one for the connection. */
export const PER_DATA = 2;

/** Bytes of answers to frames, such as acknowledgements, that wait for the client to read. Then it is not read further. */
export const MOST_CONTROL_BYTES = 16 * 1024;
