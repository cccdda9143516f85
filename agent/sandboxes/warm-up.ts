/**
 * Commands run in a fresh guest before its memory becomes a template: what they load and translate,
 * every clone has from the start.
 */
import { SYNC_COMMAND } from "../images/guest-init.ts";
import type { Progress } from "../images/images.ts";
import { type GuestAccess, runInGuest } from "./guest-client.ts";

const COMMAND_MS = 60_000;

const SHELL: [string, ...string[]][] = [
  ["true"],
  ["sh", "-c", "echo ready"],
  ["bash", "-lc", "id; pwd; env | sort | head -3"],
  ["ls", "-la", "/"],
  ["cat", "/etc/os-release"],
  ["uname", "-a"],
  ["bash", "-c", "for i in 1 2 3; do echo $i; done | wc -l"],
  ["sh", "-c", "mkdir -p /tmp/w && echo x > /tmp/w/f && cat /tmp/w/f && rm -r /tmp/w"],
  ["ps", "ax"],
  ["python3", "-c", "import json, os, sys; print(json.dumps({'v': sys.version_info[:2]}))"],
];

/** Three rounds: emulation keeps translating new paths for a while. */
const ROUNDS = 3;

/**
 * A command that fails is fine: an image need not have it. Throws when the guest does not answer at all.
 * @param rehearseInit asks /init of the guest as a clone is asked; last, so that nothing of it is forgotten
 */
export const warmUp = async (
  guest: GuestAccess,
  rehearseInit: () => Promise<void>,
  progress: Progress,
): Promise<void> => {
  const total = ROUNDS * SHELL.length;
  for (let index = 0; index < total; index++) {
    const argv = SHELL[index % SHELL.length] ?? ["true"];
    progress("running warm-up commands", index / total);
    await runInGuest(guest, argv, AbortSignal.timeout(COMMAND_MS)).catch(() => "");
  }
  await rehearseInit();
  // Also lets the guest finish what it does after it has answered /init.
  await runInGuest(guest, SYNC_COMMAND, AbortSignal.timeout(COMMAND_MS));
};
