/** The end of everything on this host. Each step may be cut off and done again. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { eachLimited } from "../../proto/limit.ts";
import { createLayerStore } from "../images/layers.ts";
import type { Layout } from "../images/layout.ts";
import { createTemplateStore } from "../images/templates.ts";
import type { Logger } from "../system/log.ts";
import { closeAhead } from "./ahead/ahead.ts";
import { destroySandbox } from "./destroy.ts";
import type { Host } from "./host.ts";
import { releaseMachine } from "./release-machine.ts";

const AT_ONCE = 8;

/** Ends what a running agent holds, so that nothing under way can bring a sandbox back. */
export const endSandboxes = async (host: Host, reason: string): Promise<void> => {
  host.stopping = true;
  host.expiry.stop();
  await closeAhead(host);
  await eachLimited([...host.sandboxes.values()], AT_ONCE, (sandbox) =>
    destroySandbox(host, sandbox, reason),
  );
  await host.slots.close();
};

/** Disks that no template stands on. They stay while it is not known what a template stands on. */
const removeLayers = async (layout: Layout, log: Logger): Promise<void> => {
  const layers = createLayerStore(layout);
  const templates = createTemplateStore(layout, layers);
  if ((await templates.listDamaged()).length > 0) {
    log.error("disks_kept", { directory: layout.layers, reason: "a template's manifest cannot be read" });
    return;
  }
  await layers.sweep(new Set((await templates.list()).flatMap(({ manifest }) => manifest.layers)));
};

/**
 * Whatever sandboxes are left in the directory, those with a journal that nobody could read included: their
 * machines, networks and files. Needs no agent; templates stay. The caller holds the lock.
 */
export const removeSandboxes = async (
  layout: Layout,
  options: { egressAllow: string[]; log: Logger },
): Promise<void> => {
  const { egressAllow, log } = options;
  const onError = (error: unknown) => log.error("slot_failed", { error: String(error) });
  await releaseMachine(layout, { egressAllow, onError });
  for (const name of await readdir(layout.sandboxes)) {
    await rm(join(layout.sandboxes, name), { recursive: true, force: true });
  }
  await removeLayers(layout, log);
  await rm(layout.cached("changes.json"), { force: true });
};
