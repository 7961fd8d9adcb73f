import { type Case, conformanceCase, type Exchange, type FieldLine, PAUSE } from "../case.ts";

const HOUR: FieldLine = ["Cache-Control", "max-age=3600"];
const TEN = "0123456789";

export const partial: readonly Case[] = [
  conformanceCase(
    "optimal",
    "partial-store-partial-reuse-partial",
    "keeps a part, and reuses it for the same Range",
    "9111 3.3",
    [{ ...misfit(), expect: { sent: [["Range", "bytes=-5"]] } }, ranged("bytes=-5", "01234")],
  ),
  fromComplete("partial-store-complete-reuse-partial", "the first bytes", "bytes=0-1", "01"),
  fromComplete(
    "partial-store-complete-reuse-partial-no-last",
    "all bytes from one on",
    "bytes=1-",
    "1234567890",
  ),
  fromComplete("partial-store-complete-reuse-partial-suffix", "the last bytes", "bytes=-1", "0"),
  fromMisfit("partial-store-partial-reuse-partial-byterange", "some bytes", "bytes=6-8", "234"),
  fromMisfit("partial-store-partial-reuse-partial-absent", "all bytes from one on", "bytes=6-", "234"),
  fromMisfit("partial-store-partial-reuse-partial-suffix", "the last bytes", "bytes=-1", "4"),
  conformanceCase(
    "optimal",
    "partial-store-partial-complete",
    "asks for the rest of what it has a part of",
    "9111 3.4",
    [part("bytes=-5", "bytes 0-4/10", "01234"), { expect: { sent: [["Range", "bytes=5-"]] } }],
  ),
  conformanceCase(
    "required",
    "partial-use-headers",
    "takes no fields but the stored ones for a part that it cuts itself",
    "9111 3.4",
    [
      { reply: { fields: [HOUR, ["A", "1"]], body: `${TEN}0` } },
      {
        ...ranged("bytes=0-1", "01"),
        reply: { fields: [["A", "2"]] },
      },
    ],
  ),
  conformanceCase(
    "required",
    "partial-use-stored-headers",
    "sends the stored fields with a part",
    "9111 3.4",
    [
      { reply: { fields: [HOUR, ["A", "1"]], body: `${TEN}0` } },
      {
        request: { fields: [["Range", "bytes=0-1"]] },
        expect: { from: "cache", status: 206, body: "01", fields: [["A", "1"]] },
      },
    ],
  ),
  fromPart("same", "the same range", "bytes=-5", "56789", "bytes 5-9/10"),
  fromPart("byterange", "some bytes of it", "bytes=6-8", "678", "bytes 6-8/10"),
  fromPart("no-last", "all its bytes from one on", "bytes=6-", "6789", "bytes 6-9/10"),
  fromPart("suffix", "its last bytes", "bytes=-1", "9", "bytes 9-9/10"),
  conformanceCase("ours", "partial-outside", "goes to the origin for bytes that its part lacks", "9111 3.3", [
    part("bytes=-5", "bytes 5-9/10", "56789"),
    {
      request: { fields: [["Range", "bytes=3-6"]] },
      reply: { status: 206, fields: [["Content-Range", "bytes 3-6/10"]], body: "3456" },
      expect: { from: "origin" },
    },
  ]),
  conformanceCase(
    "ours",
    "partial-completed",
    "puts together a part and the rest of the same strong ETag",
    "9111 3.4",
    [
      part("bytes=0-4", "bytes 0-4/10", "01234", [["ETag", '"1"']]),
      {
        reply: {
          status: 206,
          fields: [["Content-Range", "bytes 5-9/10", "may-change"], HOUR, ["ETag", '"1"']],
          body: "56789",
        },
        expect: { status: 200, body: TEN, sent: [["Range", "bytes=5-"]], absent: ["Content-Range"] },
        pause: PAUSE,
      },
      { expect: { from: "cache", status: 200, body: TEN } },
    ],
  ),
  conformanceCase("ours", "partial-not-mixed", "does not put together parts of different ETags", "9111 3.4", [
    part("bytes=0-4", "bytes 0-4/10", "01234", [["ETag", '"1"']]),
    {
      request: { fields: [["Range", "bytes=5-9"]] },
      reply: {
        status: 206,
        fields: [["Content-Range", "bytes 5-9/10"], HOUR, ["ETag", '"2"']],
        body: "abcde",
      },
      expect: { from: "origin" },
      pause: PAUSE,
    },
    {
      request: { fields: [["Range", "bytes=3-6"]] },
      reply: {
        status: 206,
        fields: [
          ["Content-Range", "bytes 3-6/10"],
          ["ETag", '"2"'],
        ],
        body: "yzab",
      },
      expect: { from: "origin" },
    },
  ]),
  conformanceCase("ours", "partial-unsatisfiable", "answers 416 for a range beyond the end", "9110 15.5.17", [
    { reply: { fields: [HOUR], body: TEN } },
    {
      request: { fields: [["Range", "bytes=10-"]] },
      expect: { status: 416, body: "any", fields: [["Content-Range", "bytes */10"]] },
    },
  ]),
  conformanceCase(
    "ours",
    "partial-if-range",
    "sends the whole when If-Range is another ETag",
    "9110 13.1.5",
    [
      { reply: { fields: [HOUR, ["ETag", '"1"']], body: TEN } },
      {
        request: {
          fields: [
            ["Range", "bytes=0-1"],
            ["If-Range", '"2"'],
          ],
        },
        expect: { from: "cache", status: 200, body: TEN },
      },
    ],
  ),
];

/** The public comparison's part: it names six bytes and has five. Its first byte is where it says. */
function misfit(): Exchange {
  return part("bytes=-5", "bytes 4-9/10", "01234");
}

function part(range: string, contentRange: string, body: string, more: readonly FieldLine[] = []): Exchange {
  return {
    request: { fields: [["Range", range]] },
    reply: { status: 206, fields: [HOUR, ["Content-Range", contentRange], ...more], body },
  };
}

function ranged(range: string, body: string): Exchange {
  return { request: { fields: [["Range", range]] }, expect: { from: "cache", status: 206, body } };
}

function fromComplete(id: string, what: string, range: string, body: string): Case {
  return conformanceCase("optimal", id, `cuts ${what} from a complete response`, "9110 14.2", [
    { reply: { fields: [HOUR], body: `${TEN}0` } },
    ranged(range, body),
  ]);
}

function fromMisfit(id: string, what: string, range: string, body: string): Case {
  return conformanceCase("optimal", id, `cuts ${what} from a part that is shorter than it says`, "9111 3.3", [
    misfit(),
    ranged(range, body),
  ]);
}

function fromPart(id: string, what: string, range: string, body: string, contentRange: string): Case {
  return conformanceCase("ours", `partial-${id}`, `cuts ${what} from a part`, "9111 3.3", [
    part("bytes=-5", "bytes 5-9/10", "56789"),
    {
      request: { fields: [["Range", range]] },
      expect: { from: "cache", status: 206, body, fields: [["Content-Range", contentRange]] },
    },
  ]);
}
