/** What a start chose and the next one repeats (`up.json` in the data directory). */
import { readFileSync } from "node:fs";

import { writeSecretly } from "./secret-file.ts";

export interface Remembered {
  /** Port of the host agent; null before the first start. */
  agentPort: number | null;
}

/** Unreadable or foreign content counts as nothing remembered: all of it can be chosen again. */
export const readRemembered = (path: string): Remembered => {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof content !== "object" || content === null || !("agent_port" in content))
      throw new Error("foreign");
    const port = content.agent_port;
    return { agentPort: typeof port === "number" && Number.isInteger(port) ? port : null };
  } catch {
    return { agentPort: null };
  }
};

export const writeRemembered = (path: string, remembered: Remembered): Promise<void> =>
  writeSecretly(path, `${JSON.stringify({ agent_port: remembered.agentPort })}\n`);
