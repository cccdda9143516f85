/** Starts the guest agent's server and keeps the process fit for being pid 2 of a sandbox. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { Inits } from "./init/inits.ts";
import { startInitThread } from "./init/thread.ts";
import { restoreSettings } from "./kept-settings.ts";
import { HOST_ADDRESS } from "./protocol.ts";
import { createRoutes } from "./routes.ts";
import { SandboxSettings } from "./settings.ts";

export interface GuestOptions {
  port: number;
  hostAddress: string;
}

export const DEFAULT_GUEST_OPTIONS: GuestOptions = { port: GUEST_PORT, hostAddress: HOST_ADDRESS };

const FILE_MASK = 0o022;

/** How long what /init said waits for a request before it is written to disk without one. */
const REST_MS = 5_000;

/** Serves until the process ends; resolves once it does. */
export const serveGuest = async ({ port, hostAddress }: GuestOptions): Promise<void> => {
  process.umask(FILE_MASK);
  const settings = new SandboxSettings();
  restoreSettings(settings);
  const inits = new Inits({ settings, closeIdleConnections: () => server.closeIdleConnections() });
  const routes = createRoutes({ settings, inits, hostAddress });
  const server = Bun.serve({
    hostname: "0.0.0.0",
    port,
    // Streams may be silent for as long as their process is.
    idleTimeout: 0,
    // /files streams to disk; every other body is bounded where it is read.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch: (request, server) =>
      routes(request, {
        clientAddress: () => server.requestIP(request)?.address ?? "",
        ownPort: server.port ?? port,
      }),
  });
  try {
    inits.thread = await startInitThread({
      port: server.port ?? port,
      hostAddress,
      restMs: REST_MS,
      onRest: () => inits.rest(),
    });
  } catch (error) {
    console.error("/init is served over HTTP alone:", error);
  }
  console.log(`guest agent listens on port ${server.port}`);
};
