/** The server as a child of `up`: where it listens, its environment, and when it answers. */
import { join } from "node:path";

import { readConfig } from "../config.ts";
import { createApiClient } from "./api-client.ts";
import type { ChildSpec } from "./children.ts";
import { PROJECT_DIRECTORY } from "./dependencies.ts";
import { CommandFailure, describeError } from "./failure.ts";
import type { FirstAdmin } from "./first-run.ts";
import { requirePort } from "./ports.ts";
import { waitUntil } from "./wait-until.ts";

const DEFAULT_PORT = 4400;
const READY_TIMEOUT_MS = 30_000;

export interface ServerPlan {
  /** Where `up`, the agent and people reach it. */
  url: string;
  spec: ChildSpec;
}

/** `--port` wins over `WRENN_LISTEN`. Throws `port_taken`. */
export const chooseListen = (port: number | null): string => {
  const configured = process.env.WRENN_LISTEN?.trim() ?? "";
  if (port === null && configured !== "") return configured;
  return `127.0.0.1:${requirePort(port ?? DEFAULT_PORT)}`;
};

/** Throws `CommandFailure` naming a variable that is wrong. */
export const planServer = (options: {
  listen: string;
  databaseUrl: string;
  firstAdmin: FirstAdmin | null;
  /** Given out to machines that are to become hosts. */
  agentPath: string;
  /** The built dashboard. */
  webDirectory: string;
}): ServerPlan => {
  const { databaseUrl, firstAdmin, agentPath, webDirectory } = options;
  const environment: Record<string, string> = {
    WRENN_LISTEN: options.listen,
    DATABASE_URL: databaseUrl,
    WRENN_AGENT_FILE: agentPath,
    WRENN_WEB_DIR: webDirectory,
    ...(firstAdmin === null
      ? {}
      : { WRENN_ADMIN_EMAIL: firstAdmin.email, WRENN_ADMIN_PASSWORD: firstAdmin.password }),
  };
  const config = (() => {
    try {
      return readConfig({ ...process.env, ...environment });
    } catch (error) {
      throw new CommandFailure("bad_flag", describeError(error));
    }
  })();
  // Without TLS the listener itself is nearer than a public address in front of it.
  const { listen, publicUrl, tls } = config;
  const everywhere = listen.hostname === "0.0.0.0" || listen.hostname === "::";
  const hostname = everywhere ? "127.0.0.1" : listen.hostname;
  const direct = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${listen.port}`;
  return {
    url: tls === null ? direct : publicUrl,
    spec: {
      name: "server",
      argv: [process.execPath, "--no-env-file", "--no-install", join(PROJECT_DIRECTORY, "server", "main.ts")],
      environment,
    },
  };
};

/** Resolves when it answers and its database does. */
export const waitUntilServing = async (url: string): Promise<void> => {
  const api = createApiClient(url, null);
  await waitUntil(
    () =>
      api.send({ method: "GET", path: "/ready", timeoutMs: 2_000 }).then(
        () => true,
        () => null,
      ),
    { what: "the server to answer", timeoutMs: READY_TIMEOUT_MS, everyMs: 20 },
  );
};
