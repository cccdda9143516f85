/** The command line of `install-service`: that of `up` where it starts something, and what is to become of the service. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { CommandFailure, describeError } from "../failure.ts";
import { parseUpFlags } from "../flags.ts";

export const SERVICE_USAGE = `usage: bun run install-service [--port N] [--dir D] [--hosts N] [--root R] [--remove]

  --port N, --dir D, --hosts N   as for \`bun run up\`, which the service runs
  --root R                       write the files below R, and start nothing
  --remove                       stop the service and take it away; settings and data stay
  --help                         this text

Variables of the shell (WRENN_…, DATABASE_URL) become the service's settings, in /etc/wrenn.env.`;

export interface ServiceFlags {
  port: number | null;
  dir: string | null;
  hosts: number | null;
  /** Absolute; null: this very machine. */
  root: string | null;
  remove: boolean;
  help: boolean;
}

/** Throws `CommandFailure` (`bad_flag`). */
export const parseServiceFlags = (args: string[]): ServiceFlags => {
  const { values } = ((): { values: Record<string, string | boolean | undefined> } => {
    try {
      return parseArgs({
        args,
        strict: true,
        allowPositionals: false,
        options: {
          port: { type: "string" },
          dir: { type: "string" },
          hosts: { type: "string" },
          root: { type: "string" },
          remove: { type: "boolean" },
          help: { type: "boolean", short: "h" },
        },
      });
    } catch (error) {
      throw new CommandFailure("bad_flag", `${describeError(error)}\n${SERVICE_USAGE}`);
    }
  })();
  const forUp = ["port", "dir", "hosts"].flatMap((name) => {
    const value = values[name];
    return typeof value === "string" ? [`--${name}`, value] : [];
  });
  const { port, dir, hosts } = parseUpFlags(forUp);
  const { root } = values;
  if (root === "") throw new CommandFailure("bad_flag", "--root needs a path");
  return {
    port,
    dir: dir === null ? null : resolve(dir),
    hosts,
    root: typeof root === "string" ? resolve(root) : null,
    remove: values["remove"] === true,
    help: values["help"] === true,
  };
};
