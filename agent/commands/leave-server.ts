/** What follows from the server's word that this host was deleted: nothing of its sandboxes is left here. */
import { rm } from "node:fs/promises";
import { dirname } from "node:path";

import type { Layout } from "../images/layout.ts";
import { removeSandboxes } from "../sandboxes/destroy-all.ts";
import { syncDirectory } from "../system/durable.ts";
import type { Logger } from "../system/log.ts";

/** The credentials go last: until then a start takes this up again. The caller holds the directory's lock. */
export const leaveServer = async (
  layout: Layout,
  options: { egressAllow: string[]; log: Logger },
): Promise<void> => {
  options.log.warn("host_deleted", {
    meaning: "the server deleted this host: its sandboxes are destroyed, its credentials removed",
  });
  await removeSandboxes(layout, options);
  await rm(layout.drainFile, { force: true });
  await rm(layout.credentialsFile, { force: true });
  await syncDirectory(dirname(layout.credentialsFile));
  options.log.warn("host_left", {
    directory: layout.root,
    next: "to join again, register this machine with a new host's token; templates are kept",
  });
};
