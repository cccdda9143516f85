/** What every part of a start is given. */
import type { DataPaths } from "./data-directory.ts";
import type { Steps } from "./steps.ts";

export interface StartOptions {
  paths: DataPaths;
  /** Address and port of the server. */
  listen: string;
  /** How many hosts this machine plays; null: as many as last time. */
  hosts: number | null;
  steps: Steps;
  /** Every started thing registers its end here, so that an interrupted start is undone too. */
  closers: (() => Promise<void>)[];
  /** Resolves when patience is over: sandboxes are left running instead of being paused. */
  hurried: Promise<unknown>;
}
