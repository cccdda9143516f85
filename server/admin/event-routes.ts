/** `/v1/admin/events`: what changes on the platform, live. */
import { Elysia } from "elysia";

import { ADMIN } from "../docs/security.ts";
import { adminAudience } from "../events/audience.ts";
import { streamEvents } from "../events/respond.ts";
import { EventHeaders } from "../events/routes.ts";
import { withErrors } from "../http/error-responses.ts";
import type { Services } from "../services.ts";

const DESCRIPTION = `As \`/v1/events\`, for platform admins: every \`host\`, \`team\` and \`user\`, \`audit\` of the \
platform's own trail, and \`monitor\` and \`quarantine\`, whose GETs tell the rest.`;

export const adminEventRoutes = ({ guards, eventStreams }: Pick<Services, "guards" | "eventStreams">) =>
  new Elysia({ name: "admin-events", prefix: "/v1/admin/events", normalize: false })
    .derive(guards.admin)
    .get(
      "",
      ({ caller, request, server }) => streamEvents(eventStreams, adminAudience(caller), { request, server }),
      {
        headers: EventHeaders,
        response: withErrors({}, [401, 403, 503]),
        detail: {
          operationId: "streamPlatformEvents",
          summary: "What changes on the platform, live",
          description: DESCRIPTION,
          tags: ["administration"],
          security: ADMIN,
        },
      },
    );
