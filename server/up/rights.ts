/** Sandboxes need root: whoever is not asks sudo for it, or is told exactly what is missing. */
import { CommandFailure } from "./failure.ts";
import { explainMissing, findMissing, hasTool, HOST_PACKAGES } from "./packages.ts";
import { ownCommand, runInstead } from "./rerun.ts";

const KEPT = /^(?:WRENN_|DATABASE_URL$|NO_COLOR$|TERM$|npm_lifecycle_event$)/;

const NEEDED =
  "root, for network namespaces, taps, loop devices and unprivileged users of the microVMs; " +
  "and /dev/net/tun, for /dev/kvm if there is one";

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Why this user cannot go on, with packages and rights. */
const explainRights = async (): Promise<CommandFailure> => {
  const missing = await findMissing(HOST_PACKAGES);
  const packages = missing.length === 0 ? "" : `\n${explainMissing(missing).message}`;
  return new CommandFailure(
    "missing_rights",
    `not root, and sudo is not there.\nmissing rights:\n  ${NEEDED}${packages}`,
  );
};

/** Runs this very command again as root, with sudo asking for a password if it must. Gives its exit code. */
export const runAsRoot = async (): Promise<number> => {
  if (!hasTool("sudo")) throw await explainRights();
  const kept = Object.keys(process.env).filter((name) => KEPT.test(name));
  console.log(`asking sudo for root: ${NEEDED}`);
  return runInstead(["sudo", `--preserve-env=${kept.join(",")}`, "--", ...ownCommand()]);
};
