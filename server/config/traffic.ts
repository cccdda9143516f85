/** What the environment says of requests to sandboxes. */
import { type Environment, fail, read, readBaseUrl } from "./environment.ts";

export interface TrafficConfig {
  /**
   * Its names `{port}-{sandbox id}.…` are sandboxes': as `sbx.example.com`, with a port where it is not the
   * scheme's own. Null: any domain's names that look like it.
   */
  sandboxDomain: string | null;
  /** Where previews by path are served. `port` null: the listener's own port and one; `url` null: found out. */
  preview: { port: number | null; url: string | null };
}

const readSandboxDomain = (env: Environment): string | null => {
  const text = read(env, "WRENN_SANDBOX_DOMAIN")?.toLowerCase() ?? null;
  if (
    text === null ||
    /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?(?::\d{1,5})?$/.test(text)
  ) {
    return text;
  }
  return fail(
    "WRENN_SANDBOX_DOMAIN",
    `expected a domain as sbx.example.com or sbx.example.com:8443, found "${text}"`,
  );
};

const readPreview = (env: Environment, listenPort: number): TrafficConfig["preview"] => {
  const text = read(env, "WRENN_PREVIEW_PORT");
  const port = text === null ? null : Number(text);
  if (text !== null && !(/^\d{1,5}$/.test(text) && Number(text) <= 65_535)) {
    return fail("WRENN_PREVIEW_PORT", `expected a port as 4401, found "${text}"`);
  }
  if (port !== null && port !== 0 && port === listenPort) {
    return fail(
      "WRENN_PREVIEW_PORT",
      "previews need a port of their own: programs in sandboxes write these pages",
    );
  }
  const url = readBaseUrl(env, "WRENN_PREVIEW_URL");
  if (url !== null && new URL(url).pathname !== "/") {
    return fail("WRENN_PREVIEW_URL", "expected a URL without a path: /preview/… is at its root");
  }
  return { port, url };
};

export const readTraffic = (env: Environment, listenPort: number): TrafficConfig => ({
  sandboxDomain: readSandboxDomain(env),
  preview: readPreview(env, listenPort),
});
