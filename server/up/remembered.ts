/** What a start chose and the next one repeats (`up.json` in the data directory). */
import { readFileSync } from "node:fs";

import { pick } from "./json.ts";
import { writeSecretly } from "./secret-file.ts";

export interface Remembered {
  /** Port of the host agent; null before the first start. */
  agentPort: number | null;
  /** How many hosts this machine plays. */
  hosts: number;
}

const integer = (value: unknown): number | null =>
  typeof value === "number" && Number.isInteger(value) ? value : null;

/** Unreadable or foreign content counts as nothing remembered: all of it can be chosen again. */
export const readRemembered = (path: string): Remembered => {
  const content = ((): unknown => {
    try {
      return JSON.parse(readFileSync(path, "utf8"));
    } catch {
      return null;
    }
  })();
  return { agentPort: integer(pick(content, "agent_port")), hosts: integer(pick(content, "hosts")) ?? 1 };
};

/** What is not in `changes` stays. */
export const remember = (path: string, changes: Partial<Remembered>): Promise<void> => {
  const { agentPort, hosts } = { ...readRemembered(path), ...changes };
  return writeSecretly(path, `${JSON.stringify({ agent_port: agentPort, hosts })}\n`);
};
