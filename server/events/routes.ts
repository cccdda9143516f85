/** `/v1/events`: what changes in the team, live. */
import { Elysia, t } from "elysia";

import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import type { Services } from "../services.ts";
import { teamAudience } from "./audience.ts";
import { streamEvents } from "./respond.ts";

export const EventHeaders = t.Object(
  {
    "last-event-id": t.Optional(
      t.String({ description: "The last `id` that was read: what happened since is told first" }),
    ),
  },
  { additionalProperties: true },
);

const DESCRIPTION = `Server-sent events, to be read with the Authorization header. The first is \`ready\` \
(\`{"resumed"}\`): the stream is live, fetch what is shown, unless it goes on where \`Last-Event-ID\` ended. \
Then one event per changed thing, named \`sandbox\`, \`host\`, \`template\`, \`member\`, \`key\`, \`team\` or \`audit\`: \
\`{"action":"created"|"updated"|"deleted","id","resource"}\` with the thing as its GET shows it. \`teams\`: the caller \
joined or left another team. \`resync\` (\`{"reason"}\`): events were missed, fetch anew what is shown. \`auth\` \
(\`{"error"}\`): the right is gone, and the stream ends. An \`id\` may come without an event; it counts all the same.`;

export const eventRoutes = ({ guards, eventStreams }: Pick<Services, "guards" | "eventStreams">) =>
  new Elysia({ name: "events", prefix: "/v1/events", normalize: false })
    .derive(guards.team)
    .get(
      "",
      ({ caller, request, server }) => streamEvents(eventStreams, teamAudience(caller), { request, server }),
      {
        headers: EventHeaders,
        response: withErrors({}, [401, 403, 503]),
        detail: {
          operationId: "streamEvents",
          summary: "What changes in the team, live",
          description: DESCRIPTION,
          tags: ["events"],
          security: USER,
        },
      },
    );
