/**
 * A local server that speaks GitHub's endpoints of signing in, as its documentation and github.com have them:
 * refusals of a code come with status 200, codes count once, PKCE is checked when it was begun.
 */

export const GITHUB_CLIENT = { id: "wrenn-client", secret: "wrenn-client-secret" };

export interface GithubPerson {
  id: number;
  login: string;
  name: string | null;
  emails: { email: string; primary: boolean; verified: boolean }[];
}

/** Someone with one verified primary address, and others that must not be taken for it. */
export const githubPerson = (id: number, login: string, rest: Partial<GithubPerson> = {}): GithubPerson => ({
  id,
  login,
  name: `${login} at GitHub`,
  emails: [
    { email: `${id}+${login}@users.noreply.github.com`, primary: false, verified: true },
    { email: `${login}@example.com`, primary: true, verified: true },
  ],
  ...rest,
});

interface Grant {
  person: GithubPerson;
  redirectUri: string;
  challenge: string | null;
}

export interface TestGithub {
  url: string;
  /** By the browser's cookie `github_user`; who has none presses "cancel". */
  people: Map<string, GithubPerson>;
  /** Answers an endpoint in another way than usual; by path. */
  odd: Map<string, (request: Request) => Response | Promise<Response>>;
  /** Paths of the requests that came, in order. */
  asked: string[];
  stop(): Promise<void>;
}

const s256 = (verifier: string): string =>
  new Bun.CryptoHasher("sha256").update(verifier).digest("base64url");

/** For `odd`: accepts the request and says nothing until the other side gives up. */
export const hang = ({ signal }: Request): Promise<Response> => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  signal.addEventListener("abort", () => resolve(new Response()));
  return promise;
};

class Github {
  readonly people = new Map<string, GithubPerson>();
  readonly #codes = new Map<string, Grant>();
  readonly #tokens = new Map<string, GithubPerson>();

  authorize(request: Request): Response {
    const { searchParams } = new URL(request.url);
    const back = new URL(searchParams.get("redirect_uri") ?? "about:blank");
    if (searchParams.get("client_id") !== GITHUB_CLIENT.id) return new Response(null, { status: 404 });
    back.searchParams.set("state", searchParams.get("state") ?? "");
    const person = this.people.get(
      new Bun.CookieMap(request.headers.get("cookie") ?? "").get("github_user") ?? "",
    );
    if (person === undefined) {
      back.searchParams.set("error", "access_denied");
      back.searchParams.set("error_description", "The user has denied your application access.");
      return Response.redirect(back.href, 302);
    }
    const code = crypto.randomUUID();
    const challenge = searchParams.get("code_challenge");
    this.#codes.set(code, { person, redirectUri: searchParams.get("redirect_uri") ?? "", challenge });
    back.searchParams.set("code", code);
    return Response.redirect(back.href, 302);
  }

  async accessToken(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    if (form.get("client_id") !== GITHUB_CLIENT.id || form.get("client_secret") !== GITHUB_CLIENT.secret) {
      return Response.json({ error: "incorrect_client_credentials", error_description: "Not these." });
    }
    const code = form.get("code") ?? "";
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    const fits = grant?.challenge === null || s256(form.get("code_verifier") ?? "") === grant?.challenge;
    if (grant === undefined || !fits || grant.redirectUri !== form.get("redirect_uri")) {
      return Response.json({ error: "bad_verification_code", error_description: "Incorrect or expired." });
    }
    const token = `gho_${crypto.randomUUID()}`;
    this.#tokens.set(token, grant.person);
    return Response.json({ access_token: token, token_type: "bearer", scope: "read:user,user:email" });
  }

  api(request: Request, answer: (person: GithubPerson) => unknown): Response {
    const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    const person = this.#tokens.get(token);
    if (person === undefined) return Response.json({ message: "Bad credentials" }, { status: 401 });
    // GitHub refuses clients that do not say who they are.
    if (!request.headers.get("user-agent")) return new Response(null, { status: 403 });
    return Response.json(answer(person));
  }
}

export const startGithub = (): TestGithub => {
  const github = new Github();
  const odd: TestGithub["odd"] = new Map();
  const asked: string[] = [];
  const answer = (request: Request): Response | Promise<Response> => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const oddly = odd.get(pathname);
    if (oddly !== undefined) return oddly(request);
    switch (`${request.method} ${pathname}`) {
      case "GET /login/oauth/authorize":
        return github.authorize(request);
      case "POST /login/oauth/access_token":
        return github.accessToken(request);
      case "GET /api/v3/user":
        return github.api(request, ({ id, login, name }) => ({ id, login, name, email: null, type: "User" }));
      case "GET /api/v3/user/emails":
        return github.api(request, ({ emails }) => emails);
      default:
        return Response.json({ message: "Not Found" }, { status: 404 });
    }
  };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  return {
    url: `http://127.0.0.1:${server.port}`,
    people: github.people,
    odd,
    asked,
    stop: () => server.stop(true),
  };
};

/** The configuration that makes a server use it. */
export const githubEnvironment = ({ url }: Pick<TestGithub, "url">): Record<string, string> => ({
  WRENN_GITHUB_URL: url,
  WRENN_GITHUB_CLIENT_ID: GITHUB_CLIENT.id,
  WRENN_GITHUB_CLIENT_SECRET: GITHUB_CLIENT.secret,
});
