import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";
import { SAFE_RULES } from "../../edge/rules/site-rules.ts";
import { NO_TLS } from "../../http/tls/tls-settings.ts";
import { launchBrowser } from "../rig/browser.ts";
import { CertificateFolder } from "../rig/certificate-files.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";
import { startTestRouter, type TestRouter } from "../rig/test-router.ts";
import { until } from "../rig/until.ts";
import { WebSocketOrigin } from "../rig/web-socket-origin.ts";

const RULES = { ...SAFE_RULES, upgrades: ["websocket"] };
const LARGE = Buffer.alloc(10 * 2 ** 20, "0123456789");

/* Of the page. */
declare const location: { readonly host: string };

describe("WebSockets", function () {
  this.timeout(60_000);

  let folder: CertificateFolder;
  let origin: WebSocketOrigin;
  let edge: TestEdge;
  let router: TestRouter;
  let fronts: readonly string[];

  it("of a browser pass by HTTP/2", async () => {
    folder = new CertificateFolder();
    const { cert, key } = await folder.make("a", ["localhost"]);
    const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key] };
    origin = await WebSocketOrigin.start();
    edge = await startTestEdge(origin.url, { rules: RULES });
    router = await startTestRouter([], { ...tls, edges: { kind: "listed", grpcAddresses: [edge.control] } });
    const browser = await launchBrowser();
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(`https://localhost:${router.running.addresses.https?.port}/`);
    const said = await page.evaluate(async () => {
      const socket = new WebSocket(`wss://${location.host}/chat`);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = reject;
      });
      const heard = new Promise<string>((resolve) => {
        socket.onmessage = ({ data }) => resolve(String(data));
      });
      socket.send("hello");
      const message = await heard;
      socket.close();
      return message;
    });
    expect(said).to.equal("hello");
    // The router names the version by which the client came.
    expect(origin.asked.at(-1)?.headers.via).to.match(/^2 edgecache-router/);
    await browser.close();
    await router.running.stop();
    await edge.stop();
    await origin.stop();
    folder.remove();
  });

  for (const workers of [1, 2]) {
    describe(`through edge and router, with ${workers} serving threads at the edge`, () => {
      before(async () => {
        folder = new CertificateFolder();
        const { cert, key } = await folder.make("a", ["localhost"]);
        const tls = { ...NO_TLS, tlsPort: 0, tlsCert: [cert], tlsKey: [key], h2c: true };
        origin = await WebSocketOrigin.start();
        edge = await startTestEdge(origin.url, { ...tls, rules: RULES, workers });
        router = await startTestRouter([], {
          ...tls,
          edges: { kind: "listed", grpcAddresses: [edge.control] },
        });
        const { http, https } = router.running.addresses;
        fronts = [
          edge.url.replace("http", "ws"),
          `wss://127.0.0.1:${edge.https?.port}`,
          `ws://127.0.0.1:${http.port}`,
          `wss://127.0.0.1:${https?.port}`,
        ];
      });

      after(async () => {
        await router.running.stop();
        await edge.stop();
        await origin.stop();
        folder.remove();
      });

      const open = async (front: string, protocols: readonly string[] = []): Promise<WebSocket> => {
        const socket = new WebSocket(`${front}/chat?a=b`, [...protocols], { rejectUnauthorized: false });
        await once(socket, "open");
        return socket;
      };

      it("carry messages both ways, with subprotocol and extensions", async () => {
        for (const front of fronts) {
          const socket = await open(front, ["chat"]);
          expect(socket.protocol).to.equal("chat");
          expect(socket.extensions).to.equal("");
          socket.send("hello");
          const [message] = await once(socket, "message");
          expect(String(message)).to.equal("hello");
          socket.close(1000, "done");
          const [code, why] = await once(socket, "close");
          expect([code, String(why)]).to.deep.equal([1000, "done"]);
        }
        const asked = origin.asked.at(-1);
        expect(asked?.url).to.equal("/chat?a=b");
        expect(asked?.headers["x-forwarded-for"]).to.match(/127\.0\.0\.1/);
        await until("all of them have ended", () => origin.open === 0);
      });

      it("carry ten million bytes each way", async () => {
        for (const front of fronts) {
          const socket = await open(front);
          socket.send(LARGE);
          const [message] = await once(socket, "message");
          expect(LARGE.equals(message)).to.equal(true);
          socket.close();
          await once(socket, "close");
        }
      });

      it("end for the origin when the client breaks off", async () => {
        for (const front of fronts) {
          const socket = await open(front);
          socket.terminate();
          await until("the origin has noticed", () => origin.open === 0);
        }
      });
    });
  }
});
