/** A running server with its dashboard, a browser, people and a host without machines: where browser tests begin. */
import type { Locator, Page } from "playwright-core";

import { TestBrowser, type VisitOptions, type Visitor } from "./browser.ts";
import { testDashboard } from "./dashboard.ts";
import { type AnyBody, call, signUp, startTestServer, type TestPerson, type TestServer } from "./server.ts";
import { StandInHost } from "./stand-in-host.ts";

export interface SandboxBody extends AnyBody {
  id: string;
  status: string;
}

/** An open dialog of the dashboard with all that is in it: its buttons are put in from outside. */
export const dialogOf = (page: Page, heading: string | RegExp): Locator =>
  page.locator("wr-dialog").filter({ has: page.getByRole("dialog", { name: heading }) });

/** Signs somebody in who comes to a page of the dashboard. */
export const signInTo = async (
  page: Page,
  path: string,
  person: Pick<TestPerson, "email" | "password">,
): Promise<void> => {
  await page.goto(path);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/login");
};

export class DashboardScene {
  readonly #visitors: Visitor[] = [];

  private constructor(
    readonly server: TestServer,
    readonly browser: TestBrowser,
    /** The first account: administers the instance. */
    readonly admin: TestPerson,
    readonly host: StandInHost,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<DashboardScene> {
    const server = await startTestServer({ WRENN_WEB_DIR: await testDashboard(), ...env });
    const admin = await signUp(server.url, "Ada Lovelace");
    const host = await StandInHost.join(server.url, admin.token);
    return new DashboardScene(server, await TestBrowser.launch(), admin, host);
  }

  /** Somebody's browser, nobody signed in. */
  async visit(options: VisitOptions = {}): Promise<Visitor> {
    const visitor = await this.browser.visitor(this.server.url, options);
    this.#visitors.push(visitor);
    return visitor;
  }

  /** A browser with the person signed in, on a page of the dashboard. */
  async visitAs(
    person: Pick<TestPerson, "email" | "password">,
    { path = "/dashboard/sandboxes", ...options }: VisitOptions & { path?: string } = {},
  ): Promise<Visitor> {
    const visitor = await this.visit(options);
    await signInTo(visitor.page, path, person);
    return visitor;
  }

  /** A running sandbox of the person's team. */
  async launch(person: Pick<TestPerson, "token">, body: Record<string, unknown> = {}): Promise<SandboxBody> {
    const answer = await call<SandboxBody>(this.server.url, "/v1/sandboxes", {
      token: person.token,
      body: { template: "minimal", ...body },
    });
    if (answer.status !== 201) throw new Error(`no sandbox: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** After each test: what no page may do, none did; and their windows are closed. */
  async leaveAll(): Promise<void> {
    for (const visitor of this.#visitors.splice(0)) {
      await visitor.context.close();
      visitor.requireClean();
    }
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.host.stop();
    await this.server.stop();
  }
}
