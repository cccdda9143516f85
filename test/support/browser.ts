/**
 * A real Chromium over the real dashboard. Whatever a page must never do is watched on every page and told at
 * the end: violations of its content policy, errors of its scripts, answers of 500.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const EXECUTABLES = ["chromium", "chromium-browser", "google-chrome"];

export const findChromium = (): string | null =>
  EXECUTABLES.map((name) => Bun.which(name)).find(Boolean) ?? null;

// Root may not use Chromium's own sandbox; what it opens here is our own.
const ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];

/** Chromium's own deadline for anything a test waits for. */
const ACTION_TIMEOUT_MS = 10_000;

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** Throws when the pages did what they must not. */
  requireClean(): void;
}

export interface VisitOptions {
  width?: number;
  height?: number;
  theme?: "light" | "dark";
  /** Also the movements. @default "reduce" */
  motion?: "reduce" | "no-preference";
}

export interface LaunchOptions {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export class TestBrowser {
  private constructor(private readonly browser: Browser) {}

  /** @param options what is added to Chromium's arguments and environment */
  static async launch({ args = [], env = {} }: LaunchOptions = {}): Promise<TestBrowser> {
    const executablePath = findChromium();
    if (executablePath === null) throw new Error("there is no chromium");
    return new TestBrowser(
      await chromium.launch({
        executablePath,
        args: [...ARGUMENTS, ...args],
        env: { ...process.env, ...env },
      }),
    );
  }

  /** A person with a browser of their own: no cookies, nothing remembered. */
  async visitor(url: string, options: VisitOptions = {}): Promise<Visitor> {
    const { width = 1280, height = 800, theme = "light", motion = "reduce" } = options;
    const context = await this.browser.newContext({
      baseURL: url,
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: motion,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    const faults: string[] = [];
    await context.exposeFunction(
      "tellViolation",
      (text: string) => void faults.push(`content policy: ${text}`),
    );
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
        const tell = (window as unknown as { tellViolation(text: string): void }).tellViolation;
        tell(`${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`);
      });
    });
    context.on("weberror", (error) => void faults.push(`script: ${String(error.error())}`));
    context.on("response", (response) => {
      if (response.status() === 500) faults.push(`500: ${response.url()}`);
    });
    const page = await context.newPage();
    const requireClean = (): void => {
      if (faults.length > 0) throw new Error(faults.join("\n"));
    };
    return { page, context, requireClean };
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** Keeps what is seen under `WRENN_TEST_SHOTS`, where that is set. */
export const keepScreenshot = async (page: Page, name: string): Promise<void> => {
  const directory = process.env["WRENN_TEST_SHOTS"];
  if (!directory) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`) });
};
