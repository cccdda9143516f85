/** Pages the server writes itself, for people without the dashboard. */
import { Elysia } from "elysia";

import { dashboardPage } from "../dashboard/routes.ts";
import { OPEN } from "../docs/security.ts";
import type { Services } from "../services.ts";
import { renderLoginPage } from "./login-page.ts";
import { PAGE_STYLE, pageResponse } from "./page.ts";
import { SET_PASSWORD_HTML, SET_PASSWORD_SCRIPT } from "./set-password-page.ts";

const hidden = { detail: { hide: true, security: OPEN } };

const asset = (type: string, text: string) => (): Response =>
  new Response(text, { headers: { "content-type": `${type}; charset=utf-8` } });

export const pageRoutes = ({
  signInOptions,
  config,
  limits,
  dashboard,
}: Pick<Services, "signInOptions" | "config" | "limits" | "dashboard">) =>
  new Elysia({ name: "pages", normalize: false })
    .get(
      "/login",
      async ({ request, set }) => {
        const page = await dashboardPage(dashboard, request);
        if (page) return page;
        limits.link({ request, set });
        const html = renderLoginPage({
          offered: await signInOptions(),
          publicUrl: config.publicUrl,
          errorCode: new URL(request.url).searchParams.get("error"),
        });
        return pageResponse(html);
      },
      hidden,
    )
    .get("/set-password", () => pageResponse(SET_PASSWORD_HTML, { hasScript: true }), hidden)
    .get("/pages/page.css", asset("text/css", PAGE_STYLE), hidden)
    .get("/pages/set-password.js", asset("text/javascript", SET_PASSWORD_SCRIPT), hidden);
