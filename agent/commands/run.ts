/** `run`: the agent itself. Sandboxes outlive it; the next start takes them over. */
import { loadConfig } from "../config.ts";
import { hostUuid, readCredentials } from "../control/credentials.ts";
import { Heartbeat } from "../control/heartbeat.ts";
import { describeError } from "../errors.ts";
import { openLayout } from "../images/layout.ts";
import { detachDeleted } from "../images/loop-device.ts";
import { emptyStaging } from "../images/staging.ts";
import { listen } from "../listen.ts";
import { openHost } from "../open-host.ts";
import { CallTokenVerifier } from "../rpc/call-token.ts";
import { adoptSandboxes } from "../sandboxes/adopt.ts";
import { leaveMachine } from "../sandboxes/leave.ts";
import { ensureMinimal } from "../sandboxes/minimal.ts";
import { lockFile } from "../system/flock.ts";
import { createLogger } from "../system/log.ts";
import { AGENT_VERSION } from "../version.ts";

/** The directory has not been registered with a server. */
export class NotRegistered extends Error {
  override name = "NotRegistered";
}

const nextSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });

/** Resolves after an orderly stop. Throws what keeps the agent from starting. */
export const runAgent = async (flags: Record<string, string>): Promise<void> => {
  const config = await loadConfig(flags);
  const log = createLogger(config.logLevel);
  const layout = await openLayout(config.directory);
  const lock = lockFile(layout.lockFile);
  const credentials = await readCredentials(layout.credentialsFile);
  if (credentials === null) {
    throw new NotRegistered(
      `${layout.root} is not registered: run \`wrenn-agent register --server URL --token TOKEN\` first`,
    );
  }
  log.info("agent_starting", { version: AGENT_VERSION, directory: layout.root, instance: layout.instanceId });
  await emptyStaging(layout);
  // Of a template that was being removed when the last agent ended.
  await detachDeleted(layout.root);
  const host = await openHost(config, layout, log);
  await adoptSandboxes(host);

  const tokens = await CallTokenVerifier.create(hostUuid(credentials), credentials.server_public_key);
  const { tls_cert: cert, tls_key: key } = credentials;
  const server = listen(host, tokens, {
    ...config.listen,
    ...(cert === null || key === null ? {} : { tls: { cert, key } }),
  });
  const heartbeat = new Heartbeat({
    host,
    // A server that moved is told by WRENN_SERVER.
    credentials: config.serverUrl === null ? credentials : { ...credentials, server_url: config.serverUrl },
    credentialsPath: layout.credentialsFile,
    intervalMs: config.heartbeatMs,
    address: config.address ?? credentials.address,
  });
  heartbeat.start();
  log.info("agent_ready", {
    listen: server.url.origin,
    runtime: host.runtime.runtimeId,
    accelerator: host.runtime.accelerator,
  });
  // Retried by the next start: the reason stays on the work board and in the log.
  void ensureMinimal(host)
    .then(() => heartbeat.beatNow())
    .catch((error: unknown) => log.error("minimal_missing", { error: describeError(error) }));

  const signal = await nextSignal();
  log.info("agent_stopping", { signal, pause: config.pauseOnStop });
  host.draining = true;
  host.expiry.stop();
  if (config.pauseOnStop) await leaveMachine(host);
  heartbeat.stop();
  await server.stop(true);
  await host.slots.close();
  lock.unlock();
  log.info("agent_stopped", {});
};
