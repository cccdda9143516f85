/** The agent's configuration: flags, then the environment, then `.env` and `agent.env`; parsed once. */
import { join } from "node:path";

import { readEnvFile } from "./env-file.ts";
import { OperatorNeeded } from "./errors.ts";
import type { FlagSpec } from "./flags.ts";

export interface ListenAddress {
  hostname: string;
  port: number;
}

export interface AgentConfig {
  /** WRENN_DIR: everything the agent keeps. */
  directory: string;
  /** Where the server is; null when not configured (registration then needs it). */
  serverUrl: string | null;
  /** Where the agent listens; null: it follows from its address. */
  listen: ListenAddress | null;
  /** What the server is told to dial; null: found out. */
  address: string | null;
  accelerator: "kvm" | "tcg" | "auto";
  /** CIDRs a sandbox may reach although they are not the internet. */
  egressAllow: string[];
  kernelPath: string | undefined;
  heartbeatMs: number;
  /** From one sample of what sandboxes use to the next. */
  sampleMs: number;
  memoryOvercommit: number;
  memoryReserveMb: number;
  diskReserveMb: number;
  /** Machines made ahead at most; null: what the memory allows. */
  spareVms: number | null;
  /** Processes started ahead at most; null: what the memory allows. */
  standbyVms: number | null;
  pauseOnStop: boolean;
  logLevel: "debug" | "info" | "warn" | "error";
}

/** A value that cannot be used; the message names the variable. */
export class BadConfig extends OperatorNeeded {
  override name = "BadConfig";
}

export const DEFAULT_DIRECTORY = "/var/lib/wrenn";

export const COMMON_FLAGS: Record<string, FlagSpec> = {
  dir: { variable: "WRENN_DIR", value: "DIR", help: `where everything is kept, ${DEFAULT_DIRECTORY}` },
};

const SERVE_FLAGS: Record<string, FlagSpec> = {
  ...COMMON_FLAGS,
  listen: {
    variable: "WRENN_AGENT_LISTEN",
    value: "HOST:PORT",
    help: "where to listen; else as the address needs it, port 7070",
  },
  address: {
    variable: "WRENN_ADDRESS",
    value: "URL",
    help: "what the server dials, such as https://10.0.0.5:7070",
  },
  accel: { variable: "WRENN_ACCEL", value: "MODE", help: "kvm, tcg or auto" },
};

export const RUN_FLAGS: Record<string, FlagSpec> = {
  ...SERVE_FLAGS,
  "pause-on-stop": { variable: "WRENN_PAUSE_ON_STOP", help: "pause all sandboxes before stopping" },
};

export const REGISTER_FLAGS: Record<string, FlagSpec> = {
  ...SERVE_FLAGS,
  server: { variable: "WRENN_SERVER", value: "URL", help: "the server to join" },
  token: { variable: "WRENN_REGISTRATION_TOKEN", value: "TOKEN", help: "the one-time token" },
};

const ROOT_FLAG: Record<string, FlagSpec> = {
  root: { variable: "root", value: "DIR", help: "act on the system under DIR; start and stop nothing" },
};

/** What they say about the agent is written into the unit. */
export const INSTALL_FLAGS: Record<string, FlagSpec> = { ...SERVE_FLAGS, ...ROOT_FLAG };

export const UNINSTALL_FLAGS: Record<string, FlagSpec> = { ...COMMON_FLAGS, ...ROOT_FLAG };

export const PRUNE_FLAGS: Record<string, FlagSpec> = {
  ...COMMON_FLAGS,
  "dry-run": { variable: "dryRun", help: "list what would be removed, and remove nothing" },
};

type Variables = Record<string, string | undefined>;

const number = (variables: Variables, name: string, fallback: number, minimum: number): number => {
  const text = variables[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new BadConfig(`${name} must be a number of at least ${minimum}, not ${JSON.stringify(text)}`);
};

const oneOf = <T extends string>(variables: Variables, name: string, choices: readonly [T, ...T[]]): T => {
  const text = variables[name];
  if (text === undefined || text === "") return choices[0];
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new BadConfig(`${name} must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}`);
};

const url = (variables: Variables, name: string): string | null => {
  const text = variables[name];
  if (text === undefined || text === "") return null;
  const parsed = URL.parse(text);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed.origin;
  throw new BadConfig(`${name} must be a URL such as http://127.0.0.1:4400, not ${JSON.stringify(text)}`);
};

/** @param text `HOST:PORT`, with an IPv6 host in brackets */
export const parseListen = (text: string): ListenAddress => {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new BadConfig(
      `WRENN_AGENT_LISTEN must be HOST:PORT such as 127.0.0.1:7070, not ${JSON.stringify(text)}`,
    );
  }
  return { hostname: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
};

/** Throws `BadConfig` naming the variable. */
export const parseConfig = (variables: Variables): AgentConfig => ({
  directory: variables["WRENN_DIR"] || DEFAULT_DIRECTORY,
  serverUrl: url(variables, "WRENN_SERVER"),
  listen: variables["WRENN_AGENT_LISTEN"] ? parseListen(variables["WRENN_AGENT_LISTEN"]) : null,
  address: url(variables, "WRENN_ADDRESS"),
  accelerator: oneOf(variables, "WRENN_ACCEL", ["auto", "kvm", "tcg"]),
  egressAllow: (variables["WRENN_EGRESS_ALLOW"] ?? "").split(/[\s,]+/).filter((text) => text !== ""),
  kernelPath: variables["WRENN_KERNEL"] || undefined,
  heartbeatMs: number(variables, "WRENN_HEARTBEAT_MS", 30_000, 50),
  sampleMs: number(variables, "WRENN_SAMPLE_MS", 15_000, 100),
  memoryOvercommit: number(variables, "WRENN_MEMORY_OVERCOMMIT", 4, 1),
  memoryReserveMb: number(variables, "WRENN_MEMORY_RESERVE_MB", 256, 0),
  diskReserveMb: number(variables, "WRENN_DISK_RESERVE_MB", 512, 0),
  spareVms: variables["WRENN_SPARE_VMS"] ? number(variables, "WRENN_SPARE_VMS", 0, 0) : null,
  standbyVms: variables["WRENN_STANDBY_VMS"] ? number(variables, "WRENN_STANDBY_VMS", 0, 0) : null,
  pauseOnStop: (variables["WRENN_PAUSE_ON_STOP"] ?? "") === "1",
  logLevel: oneOf(variables, "WRENN_LOG_LEVEL", ["info", "debug", "warn", "error"]),
});

/** Flags win over the environment, which wins over `$WRENN_DIR/agent.env` and then `./.env`. */
export const loadConfig = async (flags: Record<string, string>): Promise<AgentConfig> => {
  const local = await readEnvFile(join(process.cwd(), ".env"));
  const outer = { ...local, ...process.env, ...flags };
  const directory = outer["WRENN_DIR"] || DEFAULT_DIRECTORY;
  const own = await readEnvFile(join(directory, "agent.env"));
  return parseConfig({ ...local, ...own, ...process.env, ...flags });
};
