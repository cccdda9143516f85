/** Pages the server writes itself, for people without the dashboard. */
import { Elysia } from "elysia";

import { OPEN } from "../docs/security.ts";
import type { Services } from "../services.ts";
import { LOGIN_CSP, LOGIN_STYLE, renderLoginPage } from "./login-page.ts";

const hidden = { detail: { hide: true, security: OPEN } };

export const pageRoutes = ({ signInOptions, config }: Services) =>
  new Elysia({ normalize: false })
    .get(
      "/login",
      async ({ request }) => {
        const html = renderLoginPage({
          offered: await signInOptions(),
          publicUrl: config.publicUrl,
          errorCode: new URL(request.url).searchParams.get("error"),
        });
        return new Response(html, {
          headers: {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": LOGIN_CSP,
            "referrer-policy": "no-referrer",
          },
        });
      },
      hidden,
    )
    .get(
      "/login/page.css",
      () => new Response(LOGIN_STYLE, { headers: { "content-type": "text/css; charset=utf-8" } }),
      hidden,
    );
