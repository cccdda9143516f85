/** A server that offers GitHub, a stand-in for GitHub, and people with browsers. */
import { BrowserJar } from "./browser-jar.ts";
import { githubEnvironment, githubPerson, startGithub } from "./github.ts";
import type { GithubPerson, TestGithub } from "./github.ts";
import { startReachableServer, visit } from "./provider-sign-in.ts";
import { signUp } from "./server.ts";
import type { TestServer } from "./server.ts";

export const emailOf = (person: GithubPerson): string => `${person.login}@example.com`;

/** Where signing in through GitHub begins. */
export const startAt = (base: string, intent: "login" | "signup" = "login"): string =>
  `${base}/auth/oauth/github?intent=${intent}`;

/** A browser that is signed in at GitHub. */
export const browserOf = ({ login }: GithubPerson): BrowserJar => {
  const browser = new BrowserJar();
  browser.setCookie("github_user", login);
  return browser;
};

export class GithubScene {
  #lastId = 1000;

  private constructor(
    readonly github: TestGithub,
    readonly server: TestServer,
  ) {}

  /** With an administrator, so that whoever follows is an ordinary person. */
  static async start(env: Record<string, string> = {}): Promise<GithubScene> {
    const github = startGithub();
    const server = await startReachableServer({ ...githubEnvironment(github), ...env });
    await signUp(server.url, "Root");
    return new GithubScene(github, server);
  }

  get url(): string {
    return this.server.url;
  }

  /** Someone new at GitHub. */
  newPerson(rest: Partial<GithubPerson> = {}): GithubPerson {
    this.#lastId += 1;
    const person = githubPerson(this.#lastId, `person-${this.#lastId}`, rest);
    this.github.people.set(person.login, person);
    return person;
  }

  /** The browser of someone who has made an account through GitHub just now. */
  async signUpThere(person: GithubPerson): Promise<BrowserJar> {
    const browser = browserOf(person);
    const end = await visit(browser, startAt(this.url, "signup"));
    if (end !== "in") throw new Error(`sign-up through GitHub ended with ${end}`);
    return browser;
  }

  async countUsers(email: string): Promise<number> {
    const rows = await this.server.database.sql`select from users where email = ${email}`;
    return rows.length;
  }

  /** What the audit trail tells of a user, oldest first. */
  async auditOf(userId: string) {
    await this.server.server.services.auditSideChannel.drain();
    const rows = await this.server.database.sql`
      select action, metadata from audit_logs where resource_id = ${userId} order by seq`;
    return [...rows];
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.github.stop();
  }
}
