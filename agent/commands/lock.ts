/** One agent, or one command that changes things, per directory. */
import type { Layout } from "../images/layout.ts";
import { Locked, lockFile } from "../system/flock.ts";

/** Throws `Locked`, saying what to do. */
export const lockDirectory = (layout: Layout): { unlock(): void } => {
  try {
    return lockFile(layout.lockFile);
  } catch (cause) {
    if (!(cause instanceof Locked)) throw cause;
    throw new Locked(
      `an agent works in ${layout.root}: stop it first, as with \`systemctl stop wrenn-agent\`; its sandboxes go on`,
      { cause },
    );
  }
};
