/** The command line of `up`: strict, so that a misspelt flag never starts anything. */
import { parseArgs } from "node:util";

import { CommandFailure, describeError } from "./failure.ts";
import { MAX_HOSTS } from "./links/plan.ts";

export const UP_USAGE = `usage: bun run up [--port N] [--dir D] [--hosts N] [--ready-file F] [--smoke]

  --port N        where the API listens on 127.0.0.1 (default 4400; 0 = any free port)
  --dir D         data directory (default /var/lib/wrenn as root)
  --hosts N       play N hosts, each in a network of its own (default as last time, at first 1)
  --ready-file F  write addresses and credentials there as JSON (mode 0600) when everything is up
  --smoke         start on a free port, prove one sandbox end to end, stop everything, exit
  --help          this text`;

export interface UpFlags {
  /** Null: the default. 0: any free one. */
  port: number | null;
  dir: string | null;
  /** Null: as many as last time. */
  hosts: number | null;
  readyFile: string | null;
  smoke: boolean;
  help: boolean;
}

/** A TCP port, or `CommandFailure` naming the flag. */
const parsePort = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) {
    throw new CommandFailure("bad_flag", `--port must be a number from 0 to 65535, not "${text}"`);
  }
  return port;
};

const parseHosts = (text: string): number => {
  const hosts = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (hosts >= 1 && hosts <= MAX_HOSTS) return hosts;
  throw new CommandFailure("bad_flag", `--hosts must be a number from 1 to ${MAX_HOSTS}, not "${text}"`);
};

const nonEmpty = (flag: string, value: string | undefined): string | null => {
  if (value === undefined) return null;
  if (value === "" || value.includes("\0")) throw new CommandFailure("bad_flag", `--${flag} needs a path`);
  return value;
};

/** Throws `CommandFailure` (`bad_flag`) with the usage for anything it does not know. */
export const parseUpFlags = (args: string[]): UpFlags => {
  const parsed = (() => {
    try {
      return parseArgs({
        args,
        strict: true,
        allowPositionals: false,
        options: {
          port: { type: "string" },
          dir: { type: "string" },
          hosts: { type: "string" },
          "ready-file": { type: "string" },
          smoke: { type: "boolean" },
          help: { type: "boolean", short: "h" },
        },
      }).values;
    } catch (error) {
      throw new CommandFailure("bad_flag", `${describeError(error)}\n${UP_USAGE}`);
    }
  })();
  return {
    port: parsed.port === undefined ? null : parsePort(parsed.port),
    dir: nonEmpty("dir", parsed.dir),
    hosts: parsed.hosts === undefined ? null : parseHosts(parsed.hosts),
    readyFile: nonEmpty("ready-file", parsed["ready-file"]),
    smoke: parsed.smoke ?? false,
    help: parsed.help ?? false,
  };
};
