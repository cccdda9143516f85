/** `WS /v1/sandboxes/{id}/exec/stream`: a command with its input and output as they come. */
import { Elysia } from "elysia";

import { KEY_OR_TEAM } from "../docs/security.ts";
import { errorBody, forbidden, toApiError } from "../errors.ts";
import type { Services } from "../services.ts";
import { readClientMessage } from "./exec-messages.ts";
import { ExecSession } from "./exec-session.ts";
import { sandboxIdOf, SandboxParams } from "./requests.ts";
import { CHANNEL, SocketWire } from "./socket-wire.ts";

const ACCESS = { scope: "sandboxes", readable: false } as const;

/** Browsers tell where a page came from: only the dashboard's may open sockets here. */
const checkOrigin = (request: Request, publicUrl: string): void => {
  const origin = request.headers.get("origin");
  if (origin === null) return;
  const host = URL.parse(origin)?.host;
  if (origin === new URL(publicUrl).origin || host === request.headers.get("host")) return;
  throw forbidden("This page may not open sockets here.", "bad_origin");
};

interface Connection {
  wire: SocketWire;
  session: ExecSession;
}

export const execStreamRoutes = ({
  guards,
  sandboxes,
  guests,
  config,
}: Pick<Services, "guards" | "sandboxes" | "guests" | "config">) => {
  // By socket; entries go with their sockets.
  const connections = new WeakMap<object, Connection>();

  return new Elysia({ name: "exec-stream", prefix: "/v1/sandboxes", normalize: false })
    .derive(async ({ request }) => {
      checkOrigin(request, config.publicUrl);
      const signed = request.headers.has("x-api-key") || request.headers.has("authorization");
      const found = signed ? await guards.keyOrTeam(ACCESS)({ request }) : null;
      return { caller: found?.caller ?? null };
    })
    .ws("/:id/exec/stream", {
      params: SandboxParams,
      detail: {
        operationId: "streamExec",
        summary: "Run a command over a WebSocket",
        description: `JSON messages: \`start\` (as the body of exec), \`eof\`, \`stop\` from the client; \`start\` with the pid, \`exit\`, \`error\` to it. Bytes travel as binary frames whose first byte is ${CHANNEL.stdin} for stdin, ${CHANNEL.stdout} for stdout, ${CHANNEL.stderr} for stderr. Without credentials on the upgrade the first message is \`{"type":"auth","token"}\` or \`{"type":"auth","api_key"}\`, within 5 seconds.`,
        tags: ["commands"],
        security: KEY_OR_TEAM,
      },
      beforeHandle: ({ params }) => void sandboxIdOf(params),
      open(ws) {
        const { caller, params } = ws.data;
        const wire = new SocketWire(ws.raw);
        const session = new ExecSession({
          deps: { sandboxes, guests },
          wire,
          sandboxId: sandboxIdOf(params),
          caller,
          authenticate: (credentials) => guards.authenticate(credentials, { ...ACCESS, method: "POST" }),
        });
        connections.set(ws.raw, { wire, session });
      },
      message(ws, message) {
        const connection = connections.get(ws.raw);
        if (!connection) return;
        const { wire, session } = connection;
        try {
          if (!(message instanceof Uint8Array)) session.onMessage(readClientMessage(message));
          else if (message[0] === CHANNEL.stdin) session.onInput(message.subarray(1));
        } catch (thrown) {
          wire.say({ type: "error", ...errorBody(toApiError(thrown)).error });
          wire.close(1008, "invalid_request");
          session.onClose();
        }
      },
      drain: (ws) => connections.get(ws.raw)?.wire.onDrain(),
      close: (ws) => connections.get(ws.raw)?.session.onClose(),
    });
};
