/** `/openapi.json`, generated from the route schemas, and `/docs`, which shows it without outside resources. */
import { openapi } from "@elysiajs/openapi";
import { Elysia } from "elysia";

import { DOCS_CSP, DOCS_HTML, DOCS_SCRIPT, DOCS_STYLE } from "./page.ts";
import { OPEN, SECURITY_SCHEMES } from "./security.ts";

const asset = (type: string, text: string) => (): Response =>
  new Response(text, {
    headers: { "content-type": `${type}; charset=utf-8`, "x-content-type-options": "nosniff" },
  });

const hidden = { detail: { hide: true, security: OPEN } };

interface Description {
  paths: Record<string, Record<string, unknown>>;
}

const isDescription = (value: unknown): value is Description =>
  typeof value === "object" && value !== null && "openapi" in value && "paths" in value;

/** OpenAPI has no WebSockets: each is told as the GET that opens it. */
const tellWebSocketsAsGet = ({ paths, ...rest }: Description): Description => {
  const told = Object.entries(paths).map(([path, { ws, ...operations }]) => [
    path,
    ws === undefined ? operations : { get: ws, ...operations },
  ]);
  return { ...rest, paths: Object.fromEntries(told) };
};

export const documentation = () =>
  new Elysia({ name: "documentation", normalize: false })
    .onAfterHandle(({ responseValue }) =>
      isDescription(responseValue) ? tellWebSocketsAsGet(responseValue) : undefined,
    )
    .use(
      openapi({
        provider: null,
        specPath: "/openapi.json",
        // A dot in a path makes it no file: pages and their parts are hidden one by one.
        exclude: { staticFile: false },
        documentation: {
          info: {
            title: "Wrenn",
            version: "1",
            description:
              "Sandboxes on your own machines. Errors are `{error:{code,message,…}}`; what is tagged `e2b` is for E2B's clients, with errors `{code,message}`.",
          },
          components: { securitySchemes: SECURITY_SCHEMES },
        },
      }),
    )
    .get(
      "/docs",
      () =>
        new Response(DOCS_HTML, {
          headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": DOCS_CSP },
        }),
      hidden,
    )
    .get("/docs/page.js", asset("text/javascript", DOCS_SCRIPT), hidden)
    .get("/docs/page.css", asset("text/css", DOCS_STYLE), hidden);
