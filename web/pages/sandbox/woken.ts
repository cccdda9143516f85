/** Whether a sandbox began to run just now, so that what is in it is to be read. */
import type { Sandbox } from "../../state/sandboxes.ts";

export const hasWoken = (before: Sandbox | null | undefined, now: Sandbox | null): boolean =>
  now?.status === "running" && (before?.status !== "running" || before.id !== now.id);
