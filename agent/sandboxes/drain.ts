/** A drained host takes nothing new, also after a restart, until the server undrains it. */
import { access, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { AgentError } from "../errors.ts";
import type { Layout } from "../images/layout.ts";
import { syncDirectory, writeDurably } from "../system/durable.ts";
import { giveWay } from "./ahead/ahead.ts";
import type { Host } from "./host.ts";
import { pauseAll } from "./pause-all.ts";

export const isDrained = (layout: Layout): Promise<boolean> =>
  access(layout.drainFile).then(
    () => true,
    () => false,
  );

/** Throws `draining`, at which the server tries the next host. */
export const requireOpen = (host: Host): void => {
  if (host.draining) {
    throw new AgentError("draining", "this host is being drained and takes no new sandboxes");
  }
  if (host.stopping) throw new AgentError("draining", "this host's agent is being stopped");
};

/** With `pause`, what runs is paused, several at a time; one that could not be goes on. Twice is fine. */
export const drainHost = async (host: Host, { pause }: { pause: boolean }): Promise<void> => {
  if (!host.draining) {
    // On disk first: no restart may take in what the answer has ruled out.
    await writeDurably(host.layout.drainFile, "");
    host.draining = true;
    await giveWay(host);
    host.log.info("drained", { pause });
  }
  if (pause) await pauseAll(host, { reason: "drain", tell: true });
};

/** Twice is fine. */
export const undrainHost = async (host: Host): Promise<void> => {
  if (!host.draining) return;
  await rm(host.layout.drainFile, { force: true });
  await syncDirectory(dirname(host.layout.drainFile));
  host.draining = false;
  host.log.info("undrained");
};
