/** The command that makes a machine a host: to be pasted into a root shell there, once. */
import { AGENT_PATH } from "../download/routes.ts";

/** One word for any POSIX shell, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Leaves the machine as it was found: no download lies about, and a service that ran before runs again. */
const CLEAN_UP = [
  'if [ -n "$directory" ]; then rm -rf "$directory"; fi',
  'if [ -n "$stopped" ]; then systemctl start wrenn-agent; fi',
].join("; ");

/** An agent that is between two attempts to start counts: it would be back in the middle of it. */
const STOP_SERVICE = [
  'case "$(systemctl is-active wrenn-agent 2>/dev/null)" in active|activating|reloading) stopped=yes;; esac',
  "systemctl stop wrenn-agent 2>/dev/null || true",
];

/**
 * One line. It stops at the first step that fails; the token is used up by `register` alone, after the
 * machine was found fit. Where the agent ran before, its sandboxes go on.
 * @param sha256 of the executable this server gives out; null: it gives out none, the machine has one already.
 */
export const joinCommand = (options: { publicUrl: string; token: string; sha256: string | null }): string => {
  const { publicUrl, token, sha256 } = options;
  const url = quote(`${publicUrl}${AGENT_PATH}`);
  const agent = sha256 === null ? "wrenn-agent" : "./wrenn-agent";
  const fetched = [
    'directory="$(mktemp -d)"',
    'cd "$directory"',
    `if command -v curl >/dev/null; then curl -fsS -o wrenn-agent ${url}; else wget -q -O wrenn-agent ${url}; fi`,
    `echo '${sha256}  wrenn-agent' | sha256sum --check --quiet -`,
    "chmod 755 wrenn-agent",
  ];
  const steps = [
    "set -eu",
    "directory=",
    "stopped=",
    `trap '${CLEAN_UP}' EXIT`,
    // Some shells end by a signal without it.
    "trap 'exit 130' HUP INT TERM",
    ...(sha256 === null ? [] : fetched),
    `${agent} doctor`,
    ...STOP_SERVICE,
    // By the environment: a command line can be read by every user of the machine.
    `WRENN_REGISTRATION_TOKEN=${quote(token)} ${agent} register --server ${quote(publicUrl)}`,
    `${agent} install`,
    "stopped=",
  ];
  return `(${steps.join("; ")})`;
};
