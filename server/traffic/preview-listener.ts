/** The previews' own listener: another origin than the dashboard's, for programs in sandboxes write its pages. */
import type { TLSOptions } from "bun";

import { RELAY_HANDLERS, type WebSocketRelay } from "../../proto/web-socket-relay.ts";
import { listenError } from "../listen-error.ts";
import type { Services } from "../services.ts";

type Previews = Bun.Server<WebSocketRelay>;

const MAX_PORT = 65_535;

const serve = (
  { config, traffic, log }: Services,
  { port, tls }: { port: number; tls: { tls?: TLSOptions } },
): Previews =>
  Bun.serve<WebSocketRelay>({
    hostname: config.listen.hostname,
    port,
    ...tls,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, server) => traffic.servePreview(request, server),
    websocket: RELAY_HANDLERS,
    error: (error) => {
      log.error("a preview failed", { error });
      return Response.json({ code: 500, message: "Something went wrong on the server" }, { status: 500 });
    },
  });

/**
 * Beside a listener that runs, and with its certificate. A port that was asked for must be free; the one that
 * follows the listener's need not be, several instances on a machine may be neighbours: then it is any other.
 */
export const listenForPreviews = (
  services: Services,
  { server, tls }: { server: Bun.Server<unknown>; tls: { tls?: TLSOptions } },
): Previews => {
  const { config, log, previewUrls } = services;
  const { listen, preview, publicUrl } = config;
  const next = listen.port === 0 ? 0 : ((server.port ?? 0) + 1) % (MAX_PORT + 1);
  const port = preview.port ?? next;
  let previews: Previews;
  try {
    previews = serve(services, { port, tls });
  } catch (error) {
    const failure = listenError("WRENN_PREVIEW_PORT", { ...listen, port }, error);
    if (preview.port !== null) throw failure;
    previews = serve(services, { port: 0, tls });
    log.warn("previews are on another port than usual", { port: previews.port, why: failure.message });
  }
  const { hostname } = new URL(publicUrl);
  const scheme = tls.tls === undefined ? "http" : "https";
  previewUrls.servedAt(preview.url ?? `${scheme}://${hostname}:${previews.port}`);
  log.info("previews", { url: previewUrls.base });
  return previews;
};
