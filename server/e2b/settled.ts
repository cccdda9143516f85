/** Finds a sandbox as E2B's clients see it, and waits for one that is between two states. */
import type { SandboxStatus } from "../../db/constants.ts";
import { formatHexId, parseSandboxId } from "../../proto/ids.ts";
import { unavailable } from "../errors.ts";
import type { SandboxContext } from "../sandboxes/context.ts";
import { requireSandbox } from "../sandboxes/host-calls.ts";
import type { PlacedSandbox } from "../sandboxes/sandbox.ts";
import { isFinal } from "../sandboxes/status.ts";
import type { SandboxRef } from "../sandboxes/store.ts";
import { noSuchSandbox } from "./errors.ts";

/** Clients give up after a minute. */
const WAIT_MS = 50_000;
const LOOK_MS = 100;

/** In which the host is at work on it. */
export const IN_BETWEEN: readonly SandboxStatus[] = ["pending", "pausing", "resuming"];

/** The bare id; 404 for what is none. */
export const sandboxIdOf = ({ id: text }: { id: string }): string => {
  const id = parseSandboxId(text);
  if (id === null) throw noSuchSandbox(text);
  return id;
};

/** 404 also for one that has ended. */
export const requireLive = async (
  context: Pick<SandboxContext, "sql">,
  ref: SandboxRef,
): Promise<PlacedSandbox> => {
  const sandbox = await requireSandbox(context, ref);
  if (isFinal(sandbox.status)) throw noSuchSandbox(formatHexId(ref.id));
  return sandbox;
};

/**
 * The first answer of `look` that is not null, asked again and again.
 * @throws ApiError 503 `sandbox_busy` when there is none in time, and what `look` throws.
 */
export const repeated = async <T>(look: () => Promise<T | null>): Promise<T> => {
  const giveUpMs = performance.now() + WAIT_MS;
  do {
    const found = await look();
    if (found !== null) return found;
    await Bun.sleep(LOOK_MS);
  } while (performance.now() < giveUpMs);
  throw unavailable("sandbox_busy", "The sandbox is being started, paused or resumed. Try again.");
};

/** The sandbox once it is in none of `passing`. */
export const settled = (
  context: Pick<SandboxContext, "sql">,
  ref: SandboxRef,
  passing = IN_BETWEEN,
): Promise<PlacedSandbox> =>
  repeated(async () => {
    const sandbox = await requireLive(context, ref);
    return passing.includes(sandbox.status) ? null : sandbox;
  });
