/** Every route of the guest agent: who may ask, and which module answers. */
import { fileRefusal, refusal } from "./access.ts";
import { compose } from "./http/compose.ts";
import { preflight, withCors } from "./http/cors.ts";
import { download } from "./http/download.ts";
import { problem, problemOf } from "./http/problem.ts";
import { upload } from "./http/upload.ts";
import type { Inits } from "./init/inits.ts";
import { LoopbackRelays } from "./loopback.ts";
import { Metrics } from "./metrics.ts";
import { resolvePath } from "./paths.ts";
import { listeningPorts, listeningSockets } from "./ports.ts";
import { GUEST_ADDRESS, type GuestPorts } from "./protocol.ts";
import { rpcHandlers } from "./rpc.ts";
import type { SandboxSettings } from "./settings.ts";
import type { User } from "./users.ts";

export interface RouteOptions {
  settings: SandboxSettings;
  inits: Inits;
  /** Where /init may come from. */
  hostAddress: string;
}

interface RequestContext {
  clientAddress: () => string;
  ownPort: number;
}

type Handler = (request: Request, context: RequestContext) => Response | Promise<Response>;

const IPV4_IN_IPV6 = "::ffff:";

const plainAddress = (address: string): string =>
  address.startsWith(IPV4_IN_IPV6) ? address.slice(IPV4_IN_IPV6.length) : address;

const userOf = (request: Request, query: URLSearchParams, settings: SandboxSettings): User => {
  const name = query.get("username");
  return name ? settings.users.find(name) : settings.users.ofRequest(request.headers);
};

const files = async (request: Request, settings: SandboxSettings): Promise<Response> => {
  const query = new URL(request.url).searchParams;
  const isWrite = request.method === "POST";
  if (!isWrite && request.method !== "GET" && request.method !== "HEAD") {
    return problem(405, "use GET, HEAD or POST", { Allow: "GET, HEAD, POST, OPTIONS" });
  }
  const refused = fileRefusal(request, settings, { query, operation: isWrite ? "write" : "read" });
  if (refused !== null) return refused;
  try {
    const user = userOf(request, query, settings);
    const { workdir } = settings;
    if (isWrite) return Response.json(await upload(request, { user, workdir, path: query.get("path") }));
    const path = query.get("path");
    if (!path) return problem(400, "path is required");
    return download(request, { path: resolvePath(path, { user, workdir }), user });
  } catch (error) {
    return problemOf(error);
  }
};

/**
 * Its connection is not kept: it may have come before what /init said was taken, which ends idle connections, also one
 * whose next request is on its way.
 */
const healthy = (): Response => new Response(null, { status: 204, headers: { Connection: "close" } });

/** The answer to every request; never throws. */
export const createRoutes = ({ settings, inits, hostAddress }: RouteOptions): Handler => {
  const rpc = rpcHandlers(settings);
  const metrics = new Metrics();
  const relays = new LoopbackRelays(GUEST_ADDRESS, listeningSockets);
  const withToken =
    (answer: Handler): Handler =>
    (request, context) =>
      refusal(request, settings, "http") ?? answer(request, context);

  const plain: Readonly<Record<string, Handler>> = {
    "GET /health": healthy,
    "HEAD /health": healthy,
    "GET /metrics": withToken(() => Response.json(metrics.read())),
    "GET /envs": withToken(() => Response.json(settings.environment)),
    "GET /ports": withToken((_, { ownPort }) =>
      Response.json({ ports: listeningPorts(ownPort) } satisfies GuestPorts),
    ),
    "POST /expose": withToken(async (request) => {
      const port = Number(new URL(request.url).searchParams.get("port"));
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        return problem(400, "port must be 1 to 65535");
      return (await relays.expose(port))
        ? new Response(null, { status: 204 })
        : problem(404, "nothing listens there");
    }),
    "POST /files/compose": withToken(async (request) => {
      try {
        return Response.json(await compose(request, settings));
      } catch (error) {
        return problemOf(error);
      }
    }),
    "POST /init": (request, { clientAddress }) => {
      // From anywhere else there is no such route.
      if (plainAddress(clientAddress()) !== hostAddress) return problem(404, "not found");
      return inits.handle(request);
    },
  };

  const answer: Handler = (request, context) => {
    const { pathname } = new URL(request.url);
    // A look at its health must not wait for the rest of /init; whatever can see the machine must.
    if (pathname !== "/health" && pathname !== "/init") inits.settle();
    if (request.method === "OPTIONS") return preflight(request);
    const call = rpc.get(pathname);
    if (call !== undefined) return refusal(request, settings, "rpc") ?? call(request);
    if (pathname === "/files") return files(request, settings);
    return plain[`${request.method} ${pathname}`]?.(request, context) ?? problem(404, "not found");
  };

  return async (request, context) => {
    try {
      return withCors(request, await answer(request, context));
    } catch (error) {
      return problemOf(error);
    }
  };
};
