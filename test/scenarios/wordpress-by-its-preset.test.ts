import { expect } from "chai";
import { get } from "../rig/http-client.ts";
import { HttpOrigin } from "../rig/http-origin.ts";
import { missingForWordPress, startRealWordPress } from "../rig/real-wordpress.ts";
import { startRecordedWordPress } from "../rig/recorded-wordpress.ts";
import { startTestEdge } from "../rig/test-edge.ts";
import { wordPressStory } from "../rig/wordpress-story.ts";
import { writtenRules } from "../rig/written-rules.ts";

describe("the preset of WordPress", () => {
  describe("before a site that answers as WordPress did", () => {
    wordPressStory(startRecordedWordPress);
  });

  it("shares no cookie that a plug-in gives at the first visit, and no page of a visitor who has it", async () => {
    const origin = await HttpOrigin.start();
    origin.answer("/", ({ header }, count) => {
      const given = [["Set-Cookie", `PHPSESSID=s${count}; path=/`]] as const;
      return { fields: header("cookie") === undefined ? given : [], body: `for ${header("cookie")}` };
    });
    const edge = await startTestEdge(origin.url, { rules: writtenRules("preset: wordpress\n") });
    const ask = async (Cookie: string) => {
      const { text, header } = await get(edge.url, "/", { headers: { Cookie } });
      return `${text}, ${header("set-cookie")}, ${header("x-cache")}`;
    };
    expect([await ask("_ga=1"), await ask("_ga=2"), await ask("PHPSESSID=s1")]).to.deep.equal([
      "for undefined, PHPSESSID=s1; path=/, MISS",
      "for undefined, PHPSESSID=s2; path=/, MISS",
      "for PHPSESSID=s1, undefined, BYPASS",
    ]);
    await edge.stop();
    await origin.stop();
  });

  const missing = missingForWordPress();
  if (missing !== undefined) it(`before WordPress itself needs ${missing}`);
  else
    describe("before WordPress itself", function () {
      // A database is made for it.
      this.timeout(90_000);
      wordPressStory(startRealWordPress);
    });
});
