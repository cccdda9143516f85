/**
 * What /init said, kept for a guest agent that is started again in the same sandbox: without it, it would be
 * open to everyone until the next /init, which may be days away. It lies in memory (/run), so a cold boot
 * starts without it, and only root may read it.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { errnoOf } from "./errors.ts";
import type { SandboxSettings } from "./settings.ts";

const FILE = "/run/wrenn/guest-agent.json";

interface Kept {
  accessToken: string | null;
  environment: Readonly<Record<string, string>>;
  defaultUser: string | null;
  workdir: string | null;
}

/** What the file says; null: not known, as at the start. */
let lastKept: string | null = null;

/** Throws errno errors. */
export const keepSettings = ({ accessToken, environment, users, workdir }: SandboxSettings): void => {
  const kept: Kept = { accessToken, environment, defaultUser: users.defaultName, workdir };
  const text = JSON.stringify(kept);
  // As after most resumes.
  if (text === lastKept) return;
  mkdirSync(dirname(FILE), { recursive: true, mode: 0o755 });
  writeFileSync(`${FILE}.new`, text, { mode: 0o600 });
  renameSync(`${FILE}.new`, FILE);
  lastKept = text;
};

/** Takes over what an earlier guest agent of this boot was told; nothing when it was told nothing. */
export const restoreSettings = (settings: SandboxSettings): void => {
  let text: string;
  try {
    text = readFileSync(FILE, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  // Written by `keepSettings` alone, in a place that only root can write.
  const kept = JSON.parse(text) as Kept;
  settings.accessToken = kept.accessToken;
  settings.environment = kept.environment;
  settings.workdir = kept.workdir;
  if (kept.defaultUser !== null) settings.users.setDefault(kept.defaultUser);
};
