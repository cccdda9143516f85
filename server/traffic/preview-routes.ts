/** `POST /v1/sandboxes/{id}/preview-urls`. */
import { Elysia, t } from "elysia";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { KEY_OR_TEAM } from "../docs/security.ts";
import { invalidRequest } from "../errors.ts";
import { withErrors } from "../http/error-responses.ts";
import { integer, Timestamp } from "../http/schemas.ts";
import { sandboxIdOf, SandboxParams } from "../sandboxes/requests.ts";
import type { Services } from "../services.ts";

const DEFAULT_TTL_SEC = 3600;
const MAX_TTL_SEC = 7 * 24 * 3600;

const LinkModel = t.Object(
  {
    port: integer(),
    url: t.String({ description: "By host name where WRENN_SANDBOX_DOMAIN is set, else `path_url`" }),
    path_url: t.String({ description: "On the previews' own port; needs no wildcard domain" }),
    expires_at: Timestamp,
  },
  { title: "PreviewUrl" },
);

export const previewRoutes = ({ guards, previewUrls }: Pick<Services, "guards" | "previewUrls">) =>
  new Elysia({ name: "previews", prefix: "/v1/sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"], readable: false }))
    .post(
      "/:id/preview-urls",
      async ({ caller, params, body: { port, ttl_sec: ttlSec = DEFAULT_TTL_SEC }, set }) => {
        if (port === GUEST_PORT) {
          throw invalidRequest(
            "port",
            "reserved",
            `Port ${GUEST_PORT} is the guest agent's; it has no preview.`,
          );
        }
        const link = await previewUrls.create(caller, { sandboxId: sandboxIdOf(params), port, ttlSec });
        set.status = 201;
        return { port, url: link.url, path_url: link.pathUrl, expires_at: link.expiresAt.toISOString() };
      },
      {
        params: SandboxParams,
        body: t.Object({
          port: t.Integer({ minimum: 1, maximum: 65_535, description: "Port of a program in the sandbox" }),
          ttl_sec: t.Optional(
            t.Integer({ minimum: 1, maximum: MAX_TTL_SEC, default: DEFAULT_TTL_SEC, description: "Seconds" }),
          ),
        }),
        response: withErrors({ 201: LinkModel }, [400, 401, 403, 404, 409]),
        detail: {
          operationId: "createPreviewUrl",
          summary: "A signed link that opens one port until it expires",
          tags: ["sandboxes"],
          security: KEY_OR_TEAM,
        },
      },
    );
