import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe, { type Result } from "axe-core";
import type { Browser, Page } from "playwright-core";

// Git does not see it. Look at them after a change of the page.
const PICTURES = join(import.meta.dirname, "..", "output");

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  readonly reducedMotion?: "reduce" | "no-preference";
}

/** The dashboard in a browser. */
export class DashboardPage {
  readonly page: Page;
  /** What must stay empty: complaints in the console, requests to another host. */
  complaints: readonly string[];
  readonly #base: string;

  private constructor(page: Page, base: string, complaints: readonly string[]) {
    this.page = page;
    this.#base = base;
    this.complaints = complaints;
  }

  /** `base`: of the router's operator port. Resolves when the page knows the fleet. */
  static async open(browser: Browser, base: string, look: Look = {}): Promise<DashboardPage> {
    const { width = 1280, height = 800, colorScheme = "light", reducedMotion = "no-preference" } = look;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${base}/`)) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(`${base}/`);
    await page.locator("#edge-list tbody tr").first().waitFor();
    return new DashboardPage(page, base, complaints);
  }

  /** Those that belong to the story. */
  expectComplaints(these: RegExp): void {
    this.complaints = this.complaints.filter((complaint) => !these.test(complaint));
  }

  async show(tab: string): Promise<void> {
    await this.page.getByRole("tab", { name: tab, exact: true }).click();
  }

  /** The row of an edge in the list beside the picture. */
  edge(name: string) {
    return this.page.locator("#edge-list tbody tr").filter({ hasText: name });
  }

  /** What the accessibility checker finds, in a line each. */
  async findings(): Promise<readonly string[]> {
    const found = await this.page.evaluate<readonly Result[]>(
      `${axe.source}; axe.run(document).then(({ violations }) => violations)`,
    );
    return found.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
    );
  }

  /** Pixels by which the page is wider than the window. */
  async overflow(): Promise<number> {
    return this.page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
  }

  async picture(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `dashboard-${name}.png`), fullPage: true });
  }

  async again(): Promise<void> {
    await this.page.goto(`${this.#base}/`);
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
