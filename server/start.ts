/** A listening server over a migrated database: what `main.ts` runs, and tests on a free port. */
import { join } from "node:path";

import type { Server } from "bun";

import type { Sql } from "../db/sql.ts";
import { createApp } from "./app.ts";
import type { ServerConfig } from "./config.ts";
import { ConfigError } from "./config/environment.ts";
import { listenError } from "./listen-error.ts";
import type { Log } from "./log.ts";
import { createServices } from "./services.ts";
import type { Services } from "./services.ts";
import { loadSettings } from "./settings.ts";
import { listenForPreviews } from "./traffic/preview-listener.ts";
import { prepareFirstAccount } from "./users/first-account.ts";

/** Requests under way get this long to end. */
const DRAIN_MS = 10_000;
const DRAIN_POLL_MS = 20;
/** For statements under way; connections to a database that is gone would never end by themselves. */
const DATABASE_END_SEC = 2;
/** A quiet connection is closed after this; routes with long streams lift it for theirs. */
const IDLE_TIMEOUT_SEC = 120;
/** No bound here: files are streamed. JSON bodies have their own (`http/bodies.ts`). */
const MAX_BODY_BYTES = Number.MAX_SAFE_INTEGER;

export interface RunningServer {
  /** Base URL of the listener itself. */
  url: string;
  services: Services;
  /** Drains and closes everything, the database's connections last. */
  stop(): Promise<void>;
}

const readTls = async ({ certFile, keyFile }: { certFile: string; keyFile: string }) => {
  const readPem = async (variable: string, path: string): Promise<string> => {
    const text = await Bun.file(path)
      .text()
      .catch(() => "");
    if (text.includes("-----BEGIN ")) return text;
    throw new ConfigError(`${variable}: ${path} is not a PEM file that can be read`);
  };
  return { cert: await readPem("WRENN_TLS_CERT", certFile), key: await readPem("WRENN_TLS_KEY", keyFile) };
};

const checkAgentFile = async ({ agentFile }: ServerConfig): Promise<void> => {
  if (agentFile === null || (await Bun.file(agentFile).exists())) return;
  throw new ConfigError(`WRENN_AGENT_FILE: ${agentFile} is not a file that can be read`);
};

const checkWebDirectory = async ({ webDirectory }: ServerConfig): Promise<void> => {
  if (webDirectory === null || (await Bun.file(join(webDirectory, "index.html")).exists())) return;
  throw new ConfigError(`WRENN_WEB_DIR: ${webDirectory} holds no dashboard made by \`bun web/build.ts\``);
};

/** Takes no more requests and lets those under way end, for a time. */
const drain = async (server: Server<unknown>): Promise<void> => {
  const late = new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref());
  // Kept-alive connections become idle one by one.
  const closing = setInterval(() => server.closeIdleConnections(), DRAIN_POLL_MS);
  await Promise.race([server.stop(false), late]);
  clearInterval(closing);
  await server.stop(true);
};

export const startServer = async (options: {
  config: ServerConfig;
  sql: Sql;
  log: Log;
}): Promise<RunningServer> => {
  const { config, sql, log } = options;
  await checkAgentFile(config);
  await checkWebDirectory(config);
  const settings = await loadSettings(sql);
  const services = createServices({ config, sql, settings, log });
  await prepareFirstAccount(services);
  const app = createApp(services);
  const { traffic } = services;
  // Before any route: the paths of a sandbox's requests are its own, whatever they are here.
  app.wrap((handle, request) => {
    const target = traffic.find(request);
    const { server } = app;
    return target === null || server === null ? handle : () => traffic.serve(request, target, server);
  });
  const { listen, tls } = config;
  const secure = tls === null ? {} : { tls: await readTls(tls) };
  try {
    app.listen({
      ...listen,
      ...secure,
      idleTimeout: IDLE_TIMEOUT_SEC,
      maxRequestBodySize: MAX_BODY_BYTES,
    });
  } catch (error) {
    throw listenError("WRENN_LISTEN", listen, error);
  }
  const { server } = app;
  if (server === null) throw new Error("the listener did not start");
  const previews = await (async () => {
    try {
      return listenForPreviews(services, { server, tls: secure });
    } catch (error) {
      await server.stop(true);
      throw error;
    }
  })();
  for (const job of services.background) job.start();
  log.info("listening", { url: server.url.origin });

  const stop = async (): Promise<void> => {
    await Promise.all([drain(server), drain(previews), ...services.background.map((job) => job.stop())]);
    await services.auditSideChannel.drain();
    await sql.end({ timeout: DATABASE_END_SEC });
  };
  return { url: server.url.origin, services, stop };
};
