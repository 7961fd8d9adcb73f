import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { BUNDLE, bundleLessons } from "../../learn/bundle.ts";
import { LESSONS } from "../../learn/lessons.ts";
import { DEMO_SITE } from "../../start/config.ts";
import { launchBrowser } from "../rig/browser.ts";
import { startTestEdge, type TestEdge } from "../rig/test-edge.ts";

// Where a developer looks at the pages: SHOTS=/tmp/shots npx mocha test/scenarios/lessons-in-a-browser.test.ts
const SHOTS = process.env.SHOTS;

describe("the lessons in a browser", function () {
  // A browser takes its time to start on a machine that is busy with other tests.
  this.timeout(120_000);
  let edge: TestEdge;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  before(async () => {
    bundleLessons(BUNDLE);
    edge = await startTestEdge(DEMO_SITE);
    browser = await launchBrowser();
    if (SHOTS !== undefined) mkdirSync(SHOTS, { recursive: true });
  });

  after(async () => {
    await browser?.close();
    await edge?.stop();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    complaints = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).to.deep.equal([]);
  });

  async function open(told: string): Promise<void> {
    // Another fragment alone would leave the run before in place until the new one is there.
    await page.goto("about:blank");
    await page.goto(`${edge.url}/learn/#${told}`);
    await page.locator("#lab").waitFor();
    // The run is there when its places are.
    await page.locator(".place").first().waitFor();
  }

  async function shot(name: string): Promise<void> {
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }

  async function stepToTheEnd(): Promise<void> {
    const seek = page.locator("#seek");
    const end = await seek.getAttribute("max");
    while ((await seek.inputValue()) !== end) await page.locator("#step").click();
  }

  it("fits a page of 320 px, and has nothing that an accessibility checker finds", async () => {
    await page.setViewportSize({ width: 320, height: 700 });
    for (const { id } of LESSONS) {
      await open(`lesson=${id}`);
      await stepToTheEnd();
      expect(await page.evaluate("document.documentElement.scrollWidth"), id).to.equal(320);
    }
    await shot("narrow");
    await page.evaluate(axe.source);
    const found = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
      "axe.run()",
    );
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).to.deep.equal([]);
  });

  for (const lesson of LESSONS) {
    it(`steps to the claim that Node shows too: ${lesson.id}`, async () => {
      const [variable] = lesson.variables;
      for (const { value } of variable.choices) {
        const defaults = Object.fromEntries(
          lesson.variables.map((each) => [each.name, each.choices[0].value]),
        );
        const expected = await lesson.run(5, { ...defaults, [variable.name]: value });
        await open(`lesson=${lesson.id}&${variable.name}=${value}&seed=5`);
        const notes = expected.events.filter(({ kind }) => kind === "note");
        await page
          .locator("#seek")
          .fill(String(Math.round(notes[Math.floor(notes.length / 2)]?.at ?? 0) + 20));
        await shot(`${lesson.id}-${value}-midway`);
        await stepToTheEnd();
        await shot(`${lesson.id}-${value}`);
        expect(await page.locator("#shown").textContent()).to.equal(expected.shown);
        const figures = await page.locator("#figures tbody tr").evaluateAll((rows) => rows.length);
        expect(figures).to.equal(expected.figures.length);
      }
    });
  }
});
