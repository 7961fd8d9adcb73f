import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { expect } from "chai";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { RawConnection } from "../rig/raw-connection.ts";
import { RawOrigin } from "../rig/raw-origin.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTrailer: X-Sum, Set-Cookie\r\nTransfer-Encoding: chunked\r\n";
const TRAILERS = "X-Sum: 3\r\nSet-Cookie: a=b\r\nCache-Control: max-age=9\r\nServer-Timing: db;dur=1\r\n\r\n";
const PASSED = { "x-sum": "3", "server-timing": "db;dur=1" };
const HINT = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

interface Answer {
  readonly status: number | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly interim: readonly Readonly<Record<string, unknown>>[];
}

describe("through edge and router", function () {
  this.timeout(60_000);

  let origin: RawOrigin;
  let reply: (socket: Socket, head: string) => void;
  /** Called when a client has got a hint. */
  let hinted = (): void => undefined;
  let paths = 0;

  /** Each path is asked for once by each protocol, so that nothing is stored unless a test says so. */
  const anew = () => {
    paths += 1;
    return `/${paths}`;
  };

  async function byHttp1(front: string, path: string, te: string | undefined): Promise<Answer> {
    const client = await RawConnection.open(front);
    const fields = te === undefined ? "" : `Connection: TE\r\nTE: ${te}\r\n`;
    client.send(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);
    client.socket.setNoDelay();
    // Everything up to the end of the content, as it came.
    let text = "";
    client.socket.on("data", (bytes: string) => {
      text += bytes;
      if (text.startsWith("HTTP/1.1 103") && text.endsWith("\r\n\r\n")) hinted();
    });
    const isWhole = () => /\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(text) || /\r\n\r\nxyz$/.test(text);
    await until("the answer is whole", isWhole);
    client.destroy();
    const heads = text.split("\r\n\r\n");
    const interim: Record<string, string>[] = [];
    while (heads[0]?.startsWith("HTTP/1.1 1")) interim.push(linesOf(heads.shift() ?? ""));
    const [head = "", ...rest] = heads;
    const content = rest.join("\r\n\r\n");
    const [body = "", trailers = ""] = content.split(/(?<=\r\n)0\r\n/);
    return {
      status: Number(head.slice(9, 12)),
      fields: linesOf(head),
      body: body.replace(/^[0-9a-f]+\r\n|\r\n$/gm, "").replaceAll("\r\n", ""),
      trailers: linesOf(`\r\n${trailers}`),
      interim,
    };
  }

  async function byHttp2(session: ClientHttp2Session, path: string): Promise<Answer> {
    const stream = session.request({ ":path": path, ":authority": "a.example" });
    const interim: Record<string, unknown>[] = [];
    let trailers: IncomingHttpHeaders = {};
    stream.on("headers", (fields: IncomingHttpHeaders) => {
      interim.push({ ...fields });
      hinted();
    });
    stream.on("trailers", (fields: IncomingHttpHeaders) => {
      trailers = fields;
    });
    const [head]: [IncomingHttpHeaders & { ":status"?: number }] = (await once(stream, "response")) as never;
    let body = "";
    for await (const part of stream.setEncoding("latin1")) body += part;
    return {
      status: head[":status"],
      fields: { ...head },
      body,
      trailers: Object.fromEntries(Object.entries(trailers)),
      interim,
    };
  }

  function linesOf(head: string): Record<string, string> {
    const lines = head.split("\r\n").slice(1).filter(Boolean);
    return Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 2),
      ]),
    );
  }

  before(async () => {
    origin = await RawOrigin.start((socket, _, head) => reply(socket, head));
  });

  after(() => origin.stop());

  for (const workers of [1, 2]) {
    describe(`with ${workers} serving threads at the edge`, () => {
      let edge: TestEdge;
      let router: TestRouter;
      let fronts: readonly { readonly base: string; readonly session: ClientHttp2Session }[];

      before(async () => {
        const h2c = { ...NO_TLS, h2c: true };
        edge = await startTestEdge({ kind: "http", url: origin.url }, { ...h2c, workers, rules: SAFE_RULES });
        router = await startTestRouter([], {
          ...h2c,
          edges: { kind: "listed", grpcAddresses: [edge.control] },
        });
        fronts = [edge.url, router.base].map((base) => ({ base, session: connect(base) }));
      });

      after(async () => {
        for (const { session } of fronts) session.destroy();
        await router.running.stop();
        await edge.stop();
      });

      for (const [what, cached, pace] of [
        ["a response that is not stored", "no-store", "at once"],
        ["a response that is not stored and arrives slowly", "no-store", "later"],
        ["the response of a fill", "max-age=60", "at once"],
        ["the response of a fill that arrives slowly", "max-age=60", "later"],
      ] as const) {
        it(`trailers of ${what} reach clients that take them, but for those that may not be there`, async () => {
          for (const { base, session } of fronts) {
            const began: string[] = [];
            reply = (socket, head) => {
              began.push(head);
              const text = `${CHUNKED}Cache-Control: ${cached}\r\n\r\n3\r\nxyz\r\n`;
              if (pace === "at once") socket.write(`${text}0\r\n${TRAILERS}`);
              else socket.write(text, () => setImmediate(() => socket.write(`0\r\n${TRAILERS}`)));
            };
            for (const answer of [await byHttp1(base, anew(), "trailers"), await byHttp2(session, anew())]) {
              expect([answer.status, answer.body, answer.fields.trailer]).to.deep.equal([
                200,
                "xyz",
                "X-Sum",
              ]);
              expect(answer.trailers).to.deep.equal(PASSED);
            }
            for (const head of began)
              expect(head)
                .to.match(/^te: trailers$/im)
                .and.match(/^connection: .*te$/im);
          }
        });
      }

      it("trailers do not reach a client of HTTP/1.1 that has not asked for them", async () => {
        for (const { base } of fronts) {
          reply = (socket, head) => {
            expect(head).not.to.match(/^te:/im);
            socket.write(`${CHUNKED}Cache-Control: no-store\r\n\r\n3\r\nxyz\r\n0\r\n${TRAILERS}`);
          };
          const answer = await byHttp1(base, anew(), undefined);
          expect([answer.body, answer.fields.trailer, answer.trailers]).to.deep.equal(["xyz", undefined, {}]);
        }
      });

      it("trailers are not stored, nor merged into the fields of what is", async () => {
        for (const { base, session } of fronts) {
          const path = anew();
          reply = (socket) =>
            socket.write(`${CHUNKED}Cache-Control: max-age=60\r\n\r\n3\r\nxyz\r\n0\r\n${TRAILERS}`);
          expect((await byHttp1(base, path, "trailers")).trailers).to.deep.equal(PASSED);
          await until("it is stored", async () => (await byHttp2(session, path)).fields["x-cache"] === "HIT");
          const hit = await byHttp1(base, path, "trailers");
          expect([hit.fields["x-cache"], hit.body, hit.trailers]).to.deep.equal(["HIT", "xyz", {}]);
          for (const name of ["x-sum", "set-cookie", "trailer"]) expect(hit.fields[name]).to.equal(undefined);
        }
      });

      it("103 (Early Hints) comes before the answer has been made", async () => {
        for (const { base, session } of fronts) {
          for (const ask of [() => byHttp1(base, anew(), undefined), () => byHttp2(session, anew())]) {
            reply = (socket) => {
              socket.write(HINT);
              hinted = () =>
                socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nCache-Control: no-store\r\n\r\nxyz");
            };
            const { interim, status, fields, body } = await ask();
            expect(interim.map(({ link }) => link)).to.deep.equal(["</a.css>; rel=preload"]);
            expect([status, body, fields.link]).to.deep.equal([200, "xyz", undefined]);
          }
        }
      });
    });
  }
});
