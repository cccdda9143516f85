/** What `up` says when everything runs: to scripts by a file, to people on the screen. */
import { accessSync, chownSync, constants, rmSync } from "node:fs";
import { dirname } from "node:path";

import type { DataPaths } from "./data-directory.ts";
import { CommandFailure } from "./failure.ts";
import { writeSecretly } from "./secret-file.ts";
import type { HostOfMany } from "./started-hosts.ts";

export interface Ready {
  url: string;
  apiKey: string;
  email: string;
  /** Null when it is not known (any more). */
  password: string | null;
  databaseUrl: string;
  /** The directory of the agent, of several the first's. */
  wrennDir: string;
  /** Null when this machine itself is the only host. */
  hosts: HostOfMany[] | null;
}

/** The file is there while what it says holds: one of an earlier start must not be taken for this one's. */
export const removeReadyFile = (path: string): void => {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    rmSync(path, { force: true });
  } catch (cause) {
    throw new CommandFailure("bad_flag", `--ready-file ${path} cannot be written`, { cause });
  }
};

export const writeReadyFile = async (path: string, ready: Ready): Promise<void> => {
  const content = {
    url: ready.url,
    api_key: ready.apiKey,
    email: ready.email,
    ...(ready.password === null ? {} : { password: ready.password }),
    database_url: ready.databaseUrl,
    wrenn_dir: ready.wrennDir,
    ...(ready.hosts === null ? {} : { hosts: ready.hosts }),
  };
  await writeSecretly(path, `${JSON.stringify(content, null, 2)}\n`);
  // Under sudo the file is for the person who called it.
  const [uid, gid] = [Number(process.env.SUDO_UID), Number(process.env.SUDO_GID)];
  if (Number.isInteger(uid) && Number.isInteger(gid)) chownSync(path, uid, gid);
};

/** How to look at a host from inside its network, which is also where its link is cut. */
const describeHost = ({ namespace, address }: HostOfMany): string =>
  `  host                ${address} in network namespace ${namespace}`;

/** The lines under the steps. The password is shown once. */
export const describeReady = (
  ready: Ready,
  paths: DataPaths,
  { showPassword }: { showPassword: boolean },
): string => {
  const password = showPassword && ready.password !== null ? `password ${ready.password}` : "";
  const kept = ready.password === null ? "" : `kept in ${paths.firstRun}; remove it once you know them`;
  return [
    "",
    `  API                 ${ready.url}`,
    `  API reference       ${ready.url}/docs`,
    `  administrator       ${ready.email} ${password}`.trimEnd(),
    `  API key             ${ready.apiKey}`,
    ...(kept === "" ? [] : [`  credentials         ${kept}`]),
    ...(ready.hosts ?? []).map(describeHost),
    `  data and logs       ${paths.root}`,
    "",
    "  Try it:",
    `    curl -s ${ready.url}/v1/sandboxes -H "X-API-Key: ${ready.apiKey}" \\`,
    `      -H "Content-Type: application/json" -d '{"template":"minimal"}'`,
    "",
    "Ctrl-C stops everything; running sandboxes are paused and kept.",
  ].join("\n");
};
