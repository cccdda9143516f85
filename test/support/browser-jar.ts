/** A browser as far as signing in needs one: it keeps cookies and follows redirects. */

const MAX_HOPS = 15;

interface StoredCookie {
  value: string;
  path: string;
}

export interface Visited {
  status: number;
  /** Where it ended. */
  url: URL;
  text: string;
}

/** Cookies belong to 127.0.0.1 whatever the port, as in a real browser. */
export class BrowserJar {
  readonly #cookies = new Map<string, StoredCookie>();

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, { value, path: "/" });
  }

  /** The Cookie header for an address. */
  cookieFor(url: string | URL): string {
    const { pathname } = new URL(url);
    return [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  /** Takes over what an answer sets. */
  keep(headers: Headers): void {
    for (const text of headers.getSetCookie()) {
      const { name, value, path, maxAge, expires } = Bun.Cookie.parse(text);
      const isGone = maxAge === 0 || (expires !== undefined && expires.getTime() <= Date.now());
      if (isGone) this.#cookies.delete(name);
      else this.#cookies.set(name, { value, path });
    }
  }

  /** One request, its redirect not followed. */
  async request(url: string | URL): Promise<Response> {
    const response = await fetch(url, { redirect: "manual", headers: { cookie: this.cookieFor(url) } });
    this.keep(response.headers);
    return response;
  }

  /** Follows redirects, up to (and without asking) an address that `isEnd` accepts. */
  async open(url: string | URL, isEnd: (url: URL) => boolean = () => false): Promise<Visited> {
    let at = new URL(url);
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      if (isEnd(at)) return { status: 0, url: at, text: "" };
      const response = await this.request(at);
      const next = response.headers.get("location");
      if (next === null) return { status: response.status, url: at, text: await response.text() };
      at = new URL(next, at);
    }
    throw new Error(`more than ${MAX_HOPS} redirects, the last to ${at.pathname}`);
  }
}
