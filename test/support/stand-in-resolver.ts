/** Gives an agent another DNS server to ask than this machine has. */
import { join } from "node:path";

import { run } from "../../agent/system/exec.ts";
import type { JoinedAgent } from "./joined-agent.ts";

/** What the agent must be started through. */
export const OWN_MOUNTS = ["unshare", "--mount", "--propagation", "unchanged"];

/** In the agent's mount namespace alone: for the process that runs now. */
export const useResolver = async (agent: JoinedAgent, resolver: string): Promise<void> => {
  const file = join(agent.directory, "resolv.conf");
  await Bun.write(file, `nameserver ${resolver}\n`);
  const inside = ["nsenter", `--mount=/proc/${agent.pid}/ns/mnt`, "mount"];
  await run([...inside, "--make-private", "/"]);
  await run([...inside, "--bind", file, "/etc/resolv.conf"]);
};
