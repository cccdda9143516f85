/** What a case is: something a user of the published package does, and what must come of it. */
import type { Sdk } from "./sdk.ts";
import type { World } from "./world.ts";

export interface Case {
  name: string;
  /** Runs in every combination of runtime, version and addresses, not in the full one alone. */
  isEverywhere: boolean;
  /** Uses what older versions of the package do not have. */
  isNew: boolean;
  run(sdk: Sdk, world: World): Promise<void>;
}

type Run = Case["run"];

export const everywhere = (name: string, run: Run): Case => ({ name, isEverywhere: true, isNew: false, run });

/** Only where everything runs: Node, the newest version, plain URLs. In a soak: in every combination. */
export const inFull = (name: string, run: Run): Case => ({ name, isEverywhere: false, isNew: false, run });

/** The same for what came with the newest version. */
export const newest = (name: string, run: Run): Case => ({ name, isEverywhere: false, isNew: true, run });
