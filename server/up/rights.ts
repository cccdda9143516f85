/** Sandboxes need root: whoever is not asks sudo for it, or is told exactly what is missing. */
import { CommandFailure } from "./failure.ts";
import { explainMissing, findMissing, hasTool, HOST_PACKAGES } from "./packages.ts";

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
  const child = Bun.spawn(
    [
      "sudo",
      `--preserve-env=${kept.join(",")}`,
      "--",
      process.execPath,
      "--no-env-file",
      "--no-install",
      ...process.argv.slice(1),
    ],
    { stdin: "inherit", stdout: "inherit", stderr: "inherit" },
  );
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
  return child.exited;
};
