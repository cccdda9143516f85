/** What one check of `doctor` is. */
import type { AgentConfig } from "../config.ts";

export interface Finding {
  /** `warning`: sandboxes run, but the operator should know. */
  state: "ok" | "warning" | "missing";
  text: string;
  /** What to do. */
  remedy?: string;
}

export interface Check {
  name: string;
  /** Looks only; never throws. */
  look(config: AgentConfig): Promise<Finding>;
}

export const ok = (text: string): Finding => ({ state: "ok", text });
export const warning = (text: string, remedy?: string): Finding => ({ state: "warning", text, remedy });
export const missing = (text: string, remedy: string): Finding => ({ state: "missing", text, remedy });
