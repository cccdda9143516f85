/** `up` as a service of the machine: written, started, and taken away again. No data and no sandbox is touched. */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { dataPaths, defaultDirectory, prepareDirectory } from "../data-directory.ts";
import { PROJECT_DIRECTORY } from "../dependencies.ts";
import { CommandFailure } from "../failure.ts";
import { writeSecretly } from "../secret-file.ts";
import { runTool } from "../system-tool.ts";
import type { ServiceFlags } from "./flags.ts";
import { settingsText, UNIT_NAME, unitText } from "./unit.ts";

const UNIT = `/etc/systemd/system/${UNIT_NAME}`;
const SETTINGS = "/etc/wrenn.env";
/** A copy of the Bun that runs this: a package manager's cache, where `npx` keeps it, may be emptied. */
const BUN = "/usr/local/lib/wrenn/bun";

/** What of this shell's variables is the service's, too. */
const KEPT = /^(?:WRENN_|DATABASE_URL$)/;
const OWN = new Set(["WRENN_INSTALL_MS"]);

const say = (line: string): void => console.log(line);

/** sd_booted(3) */
const hasSystemd = (): boolean => existsSync("/run/systemd/system");

const requireSystemd = ({ root }: ServiceFlags): void => {
  if (root !== null || hasSystemd()) return;
  throw new CommandFailure(
    "no_systemd",
    "this machine does not run systemd: have its own service manager start `bun run up` as root, end it with TERM " +
      "and start it again when it fails, without ending the processes it started; or give --root to write the files only",
  );
};

const settingsOf = (environment: NodeJS.ProcessEnv): Record<string, string> => {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !KEPT.test(name) || OWN.has(name)) continue;
    if (/[\r\n\0]/.test(value)) {
      throw new CommandFailure("bad_setting", `${name}: a service's setting must not hold a line break`);
    }
    settings[name] = value;
  }
  return settings;
};

/** Aside and renamed in: a running service keeps the file it started from. */
const placeBun = async (target: string): Promise<void> => {
  await mkdir(dirname(target), { recursive: true });
  if ((await realpath(target).catch(() => null)) === (await realpath(process.execPath))) return;
  const aside = `${target}.${process.pid}.new`;
  try {
    await copyFile(process.execPath, aside);
    await chmod(aside, 0o755);
    await rename(aside, target);
  } finally {
    await rm(aside, { force: true });
  }
};

/** One that is there may have been edited: it stays. */
const placeSettings = async (target: string): Promise<void> => {
  const settings = settingsOf(process.env);
  const names = Object.keys(settings).join(", ");
  if (existsSync(target)) {
    say(`kept ${target} as it is${names === "" ? "" : `: not taken over are ${names}`}`);
    return;
  }
  await mkdir(dirname(target), { recursive: true });
  await writeSecretly(target, settingsText(settings));
  say(`wrote ${target}${names === "" ? ", which is empty" : ` with ${names}`}`);
};

const commandOf = ({ port, hosts }: ServiceFlags, directory: string): string[] => [
  BUN,
  "--no-env-file",
  "--no-install",
  join(PROJECT_DIRECTORY, "server", "up", "main.ts"),
  "--dir",
  directory,
  ...(port === null ? [] : ["--port", String(port)]),
  ...(hosts === null ? [] : ["--hosts", String(hosts)]),
];

const requireOneLine = (argv: readonly string[]): void => {
  const bad = argv.find((argument) => /[\r\n]/.test(argument));
  if (bad === undefined) return;
  throw new CommandFailure("bad_setting", `a path for a service must not hold a line break: ${bad}`);
};

/** Throws `CommandFailure`. */
export const installService = async (flags: ServiceFlags): Promise<void> => {
  requireSystemd(flags);
  const at = (file: string): string => join(flags.root ?? "/", file);
  const paths = flags.root === null ? prepareDirectory(flags.dir ?? defaultDirectory()) : null;
  const { root: directory, logs } = paths ?? dataPaths(flags.dir ?? defaultDirectory());
  const argv = commandOf(flags, directory);
  requireOneLine(argv);
  await placeSettings(at(SETTINGS));
  await placeBun(at(BUN));
  await mkdir(dirname(at(UNIT)), { recursive: true });
  const logFile = join(logs, "up.log");
  await Bun.write(at(UNIT), unitText({ argv, settingsFile: SETTINGS, logFile }));
  say(`wrote ${at(UNIT)}`);
  if (flags.root !== null) return;
  await runTool(["systemctl", "daemon-reload"]);
  await runTool(["systemctl", "enable", UNIT_NAME]);
  await runTool(["systemctl", "restart", "--no-block", UNIT_NAME]);
  say(`started; ${logFile} shows how far it is, at its first start with the administrator's login`);
};

/** The settings and all data stay. Throws `CommandFailure`. */
export const removeService = async (flags: ServiceFlags): Promise<void> => {
  requireSystemd(flags);
  const at = (file: string): string => join(flags.root ?? "/", file);
  if (existsSync(at(UNIT))) {
    // Its sandboxes are paused, which takes as long as it takes.
    if (flags.root === null)
      await runTool(["systemctl", "disable", "--now", UNIT_NAME], { timeoutMs: 360_000 });
    await rm(at(UNIT));
    if (flags.root === null) await runTool(["systemctl", "daemon-reload"]);
  }
  await rm(dirname(at(BUN)), { recursive: true, force: true });
  say(`removed ${at(UNIT)} and ${dirname(at(BUN))}; ${SETTINGS} and the data directory stay`);
};
