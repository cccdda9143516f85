/** What scenarios work with. */
import type { Floor } from "../floor/floor.ts";
import type { FloorTemplate } from "../floor/template.ts";
import type { Gvisor } from "../gvisor.ts";
import type { AgentLog } from "../wrenn/agent-log.ts";
import type { Product } from "../wrenn/product.ts";
import type { WrennClient } from "../wrenn/sandbox.ts";

export interface BenchContext {
  product: Product;
  client: WrennClient;
  agentLog: AgentLog;
  template: FloorTemplate;
  gvisor: Gvisor;
  floor: Floor;
  /** Repetitions asked for. */
  runs: number;
}

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown> | void): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

/** What a first command is, for every subject. */
export const FIRST_COMMAND = ["echo", "hello"] as const satisfies [string, ...string[]];
