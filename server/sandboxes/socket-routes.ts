/** The WebSockets of a sandbox: `exec/stream` for a command, `pty` for a terminal. */
import { Elysia } from "elysia";

import type { TeamCaller } from "../auth/context.ts";
import { KEY_OR_TEAM } from "../docs/security.ts";
import { forbidden } from "../errors.ts";
import type { Services } from "../services.ts";
import { ExecSession } from "./exec-session.ts";
import { PtySession } from "./pty-session.ts";
import { sandboxIdOf, SandboxParams } from "./requests.ts";
import { readExecMessage, readPtyMessage } from "./socket-messages.ts";
import type { AuthMessage, SessionOptions, SocketSession } from "./socket-session.ts";
import { CHANNEL, type RawSocket, SocketWire } from "./socket-wire.ts";

type SocketServices = Pick<Services, "guards" | "limits" | "sandboxes" | "guests" | "config">;

const ACCESS = { scopes: ["sandboxes"], readable: false } as const;

/** Browsers tell where a page came from: only the dashboard's may open sockets here. */
const checkOrigin = (request: Request, publicUrl: string): void => {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(publicUrl).origin) return;
  if (URL.parse(origin)?.host === request.headers.get("host")) return;
  throw forbidden("This page may not open sockets here.", "bad_origin");
};

/** The part of the framework's socket that is used here. */
interface Socket {
  raw: RawSocket;
  data: { caller: TeamCaller | null; params: { id: string }; request: Request };
}

interface Kind<Message extends { type: string }> {
  open: (options: SessionOptions) => SocketSession<Message>;
  read: (message: unknown) => Message | AuthMessage;
}

/** Ties sockets to sessions. */
const handlersOf = <Message extends { type: string }>(
  { guards, sandboxes, guests, config }: SocketServices,
  { open, read }: Kind<Message>,
) => {
  // By socket; entries go with their sockets.
  const connections = new WeakMap<object, { wire: SocketWire; session: SocketSession<Message> }>();
  return {
    open({ raw, data }: Socket): void {
      const wire = new SocketWire(raw);
      const session = open({
        deps: { sandboxes, guests },
        wire,
        sandboxId: sandboxIdOf(data.params),
        caller: data.caller,
        authenticate: (credentials) =>
          guards.authenticate({ request: data.request }, credentials, { ...ACCESS, method: "POST" }),
        renew: (caller) => guards.renew(caller, { ...ACCESS, method: "POST" }),
        recheckMs: config.recheckMs,
      });
      connections.set(raw, { wire, session });
    },
    message({ raw }: Socket, message: unknown): void {
      const session = connections.get(raw)?.session;
      try {
        if (!(message instanceof Uint8Array)) session?.onMessage(read(message));
        else if (message[0] === CHANNEL.stdin) session?.onInput(message.subarray(1));
      } catch (error) {
        session?.fail(error);
      }
    },
    drain: ({ raw }: Socket): void => connections.get(raw)?.wire.onDrain(),
    close: ({ raw }: Socket): void => connections.get(raw)?.session.onClose(),
  };
};

const SIGN_IN =
  'Without credentials on the upgrade the first message is `{"type":"auth","token"}` or `{"type":"auth","api_key"}`, within 5 seconds.';

const detail = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description: `${description} ${SIGN_IN}`,
  tags: ["commands"],
  security: KEY_OR_TEAM,
});

export const socketRoutes = (services: SocketServices) => {
  const { guards, limits, config } = services;
  // A malformed id is refused before the upgrade.
  const checkId = ({ params }: { params: { id: string } }) => void sandboxIdOf(params);
  return new Elysia({ name: "sandbox-sockets", prefix: "/v1/sandboxes", normalize: false })
    .derive(async ({ request, set }) => {
      checkOrigin(request, config.publicUrl);
      const signed = request.headers.has("x-api-key") || request.headers.has("authorization");
      if (signed) return guards.keyOrTeam(ACCESS)({ request, set });
      limits.link({ request, set });
      return { caller: null };
    })
    .ws("/:id/exec/stream", {
      params: SandboxParams,
      beforeHandle: checkId,
      ...handlersOf(services, { open: (options) => new ExecSession(options), read: readExecMessage }),
      detail: detail(
        "streamExec",
        "Run a command over a WebSocket",
        `From the client: \`start\` (with the command as in exec), \`eof\`, \`stop\`. To it: \`start\` with the pid, \`exit\`, \`error\`. Bytes are binary frames whose first byte is ${CHANNEL.stdin} for stdin, ${CHANNEL.stdout} for stdout, ${CHANNEL.stderr} for stderr. A closed socket kills the command.`,
      ),
    })
    .ws("/:id/pty", {
      params: SandboxParams,
      beforeHandle: checkId,
      ...handlersOf(services, { open: (options) => new PtySession(options), read: readPtyMessage }),
      detail: detail(
        "openTerminal",
        "A terminal over a WebSocket",
        `From the client: \`start\` with \`cols\` and \`rows\` (and a command as in exec), or \`connect\` with the \`tag\` of a terminal; \`resize\`, \`kill\`. To it: \`started\` with \`tag\` and \`pid\`, \`exit\`, \`error\`. Bytes are binary frames whose first byte is ${CHANNEL.stdin} for input, ${CHANNEL.stdout} for output. The terminal outlives its socket by ten minutes.`,
      ),
    });
};
