/** `install` and `uninstall`: the agent as a service of the machine. Neither touches a sandbox. */
import { chmod, copyFile, mkdir, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { BadConfig, loadConfig } from "../config.ts";
import { readCredentials } from "../control/credentials.ts";
import { OperatorNeeded } from "../errors.ts";
import { createLayout } from "../images/layout.ts";
import { writeDurably } from "../system/durable.ts";
import { hasSystemd, systemctl } from "../system/systemd.ts";
import { UNIT_NAME, unitText } from "../systemd-unit.ts";
import { findVmProcesses } from "../vm/strays.ts";

const EXECUTABLE = "/usr/local/bin/wrenn-agent";
const UNIT = `/etc/systemd/system/${UNIT_NAME}`;

/** The machine has no systemd to install a service with. */
export class NoSystemd extends OperatorNeeded {
  override name = "NoSystemd";
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `--root` as a path, or null for this very machine. Throws `NoSystemd`. */
const chooseRoot = (text: string | undefined): string | null => {
  if (text !== undefined) return resolve(text);
  if (hasSystemd()) return null;
  throw new NoSystemd(
    "this machine does not run systemd: have its own service manager start `wrenn-agent run` as root and start it " +
      "again when it fails, without ending the processes it started; or give --root to write the files only",
  );
};

/** Aside and renamed in: a running agent keeps the file it started from. */
const placeExecutable = async (path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  if ((await realpath(path).catch(() => null)) === (await realpath(process.execPath))) return;
  const aside = `${path}.${process.pid}.new`;
  try {
    await copyFile(process.execPath, aside);
    await chmod(aside, 0o755);
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
};

/** Throws `NoSystemd`, `BadConfig`, `CommandFailed`. */
export const installAgent = async (flags: Record<string, string>): Promise<void> => {
  const { root: rootFlag, ...settings } = flags;
  const config = await loadConfig(settings);
  const root = chooseRoot(rootFlag);
  const environment = { ...settings, WRENN_DIR: resolve(config.directory) };
  if (Object.values(environment).some((value) => /[\r\n]/.test(value))) {
    throw new BadConfig("a value for the service must not hold a line break");
  }
  const [executable, unit] = [join(root ?? "/", EXECUTABLE), join(root ?? "/", UNIT)];
  await placeExecutable(executable);
  await mkdir(dirname(unit), { recursive: true });
  await writeDurably(unit, unitText(EXECUTABLE, environment), 0o644);
  say(`installed ${executable} and ${unit}`);
  if (root !== null) return;
  await systemctl("daemon-reload");
  await systemctl("enable", UNIT_NAME);
  if ((await readCredentials(createLayout(environment.WRENN_DIR).credentialsFile)) === null) {
    say("not started: register this machine first, then run `systemctl start wrenn-agent`");
    return;
  }
  await systemctl("restart", UNIT_NAME);
  say("started; `journalctl -u wrenn-agent` shows what it says");
};

/** Throws `NoSystemd`, `CommandFailed`. The directory, and what runs of it, stays. */
export const uninstallAgent = async (flags: Record<string, string>): Promise<void> => {
  const { root: rootFlag, ...settings } = flags;
  const { directory } = await loadConfig(settings);
  const root = chooseRoot(rootFlag);
  const [executable, unit] = [join(root ?? "/", EXECUTABLE), join(root ?? "/", UNIT)];
  if (await Bun.file(unit).exists()) {
    if (root === null) await systemctl("disable", "--now", UNIT_NAME);
    await rm(unit);
    if (root === null) await systemctl("daemon-reload");
  }
  await rm(executable, { force: true });
  say(`removed ${unit} and ${executable}; ${directory} stays`);
  const machineRoot = await realpath(directory).catch(() => null);
  const running = machineRoot === null ? 0 : findVmProcesses(machineRoot).length;
  if (running > 0) say(`${running} sandboxes run on: \`wrenn-agent clear\` ends them`);
};
