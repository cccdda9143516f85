/** One component of the gallery. */
import type { TemplateResult } from "lit";

export interface Exhibit {
  name: string;
  /** Its states take the room there is. */
  isWide?: boolean;
  states: readonly TemplateResult[];
}
