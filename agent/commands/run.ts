/** `run`: the agent itself. Sandboxes outlive it; the next start takes them over. */
import type { AgentConfig } from "../config.ts";
import { loadConfig } from "../config.ts";
import { chooseListen, followAddress } from "../control/address.ts";
import { type Credentials, hostUuid, readCredentials } from "../control/credentials.ts";
import { isDeletionPending } from "../control/deletion.ts";
import { Heartbeat } from "../control/heartbeat.ts";
import { ServerSession } from "../control/session.ts";
import { describeError, OperatorNeeded } from "../errors.ts";
import { openLayout } from "../images/layout.ts";
import type { Layout } from "../images/layout.ts";
import { detachDeleted } from "../images/loop-device.ts";
import { emptyStaging } from "../images/staging.ts";
import { listen } from "../listen.ts";
import { openHost } from "../open-host.ts";
import { CallTokenVerifier } from "../rpc/call-token.ts";
import { adoptSandboxes } from "../sandboxes/adopt.ts";
import { closeAhead, startAhead } from "../sandboxes/ahead/ahead.ts";
import { endSandboxes } from "../sandboxes/destroy-all.ts";
import { leaveMachine } from "../sandboxes/leave.ts";
import { ensureMinimal, keepSpareOfMinimal } from "../sandboxes/minimal.ts";
import { createLogger, type Logger } from "../system/log.ts";
import { isMachineStopping } from "../system/systemd.ts";
import { AGENT_VERSION } from "../version.ts";
import { leaveServer } from "./leave-server.ts";
import { lockDirectory } from "./lock.ts";

/** The directory has not been registered with a server. */
export class NotRegistered extends OperatorNeeded {
  override name = "NotRegistered";
}

const nextSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });

interface Agent {
  config: AgentConfig;
  layout: Layout;
  credentials: Credentials;
  log: Logger;
}

/** Until a signal, or until the server has deleted this host. */
const serve = async ({ config, layout, credentials, log }: Agent): Promise<void> => {
  await emptyStaging(layout);
  // Of a template that was being removed when the last agent ended.
  await detachDeleted(layout.root);
  const address = followAddress({ given: config.address, credentials });
  const place = chooseListen(config.listen, { credentials, address: new URL(await address()) });
  const host = await openHost(config, layout, log);
  await adoptSandboxes(host);
  startAhead(host);

  const tokens = await CallTokenVerifier.create(hostUuid(credentials), credentials.server_public_key);
  const { tls_cert: cert, tls_key: key } = credentials;
  const server = listen(host, tokens, {
    ...place,
    ...(cert === null || key === null ? {} : { tls: { cert, key } }),
  });
  const session = new ServerSession({ credentials, credentialsPath: layout.credentialsFile, log });
  const heartbeat = new Heartbeat({ host, session, intervalMs: config.heartbeatMs, address });
  heartbeat.start();
  host.sampler.start();
  log.info("agent_ready", {
    listen: server.url.origin,
    runtime: host.runtime.runtimeId,
    accelerator: host.runtime.accelerator,
  });
  // Retried by the next start: the reason stays on the work board and in the log. What new sandboxes boot with is
  // made here, not by the first that needs it.
  void ensureMinimal(host)
    .then(() => host.images.currentBootFiles())
    .then(() => keepSpareOfMinimal(host))
    .then(() => heartbeat.beatNow())
    .catch((error: unknown) => log.error("minimal_missing", { error: describeError(error) }));

  const ending = await Promise.race([nextSignal(), heartbeat.deleted.then(() => "deleted" as const)]);
  if (ending === "deleted") {
    await server.stop(true);
    await endSandboxes(host, "host_deleted");
    await leaveServer(layout, { egressAllow: config.egressAllow, log });
    return;
  }
  const pause = config.pauseOnStop || (await isMachineStopping());
  log.info("agent_stopping", { signal: ending, pause });
  host.stopping = true;
  host.expiry.stop();
  await closeAhead(host);
  host.sampler.stop();
  if (pause) await leaveMachine(host);
  heartbeat.stop();
  await server.stop(true);
  await host.slots.close();
  log.info("agent_stopped", {});
};

/** Resolves after an orderly stop. Throws what keeps the agent from starting. */
export const runAgent = async (flags: Record<string, string>): Promise<void> => {
  const config = await loadConfig(flags);
  const log = createLogger(config.logLevel);
  const layout = await openLayout(config.directory);
  const lock = lockDirectory(layout);
  const credentials = await readCredentials(layout.credentialsFile);
  if (credentials === null) {
    throw new NotRegistered(
      `${layout.root} is not registered: run \`wrenn-agent register --server URL --token TOKEN\` first`,
    );
  }
  log.info("agent_starting", { version: AGENT_VERSION, directory: layout.root, instance: layout.instanceId });
  if (await isDeletionPending(credentials)) {
    await leaveServer(layout, { egressAllow: config.egressAllow, log });
  } else {
    // A server that moved is told by WRENN_SERVER.
    const server_url = config.serverUrl ?? credentials.server_url;
    await serve({ config, layout, log, credentials: { ...credentials, server_url } });
  }
  lock.unlock();
};
