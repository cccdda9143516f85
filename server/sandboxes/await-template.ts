/**
 * A create whose template is on no host with room: waits until the template has come to one that could take
 * the sandbox, or says how far it is.
 */
import { ApiError, unavailable } from "../errors.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { type CopyKey, findCopy } from "../templates/copies-store.ts";
import type { RunningCopy } from "../templates/copies.ts";
import type { Template } from "../templates/store.ts";
import type { SandboxContext } from "./context.ts";

/** A create answers within a minute and a half, and its host takes up to 55 s of that. */
const WAIT_MS = 30_000;
const POLL_MS = 200;
/** Each look costs the database a query or two. */
const POLL_OTHER_MS = 500;
/** What is seen of a copy before its speed says when it ends. */
const JUDGE_MS = 3_000;
/** A guess at the rest of a copy is no promise. */
const LONGEST_RETRY_SEC = 60;

/** What was seen of a copy since it moves: how far it was at first and is now, 0 to 1, and what lies between. */
export interface Seen {
  from: number;
  to: number;
  elapsedMs: number;
}

/** Reading disks for their digests comes first, and says nothing of the speed of the rest. */
class Watch {
  #first: { progress: number; atMs: number } | null = null;

  see(progress: number): Seen {
    const atMs = performance.now();
    if (progress > 0) this.#first ??= { progress, atMs };
    const first = this.#first ?? { progress, atMs };
    return { from: first.progress, to: progress, elapsedMs: atMs - first.atMs };
  }
}

/** Ms until it ends if it goes on as it did; null while that cannot be told. */
export const remainingMs = ({ from, to, elapsedMs }: Seen): number | null =>
  elapsedMs < JUDGE_MS || to <= from ? null : (elapsedMs / (to - from)) * (1 - to);

/** Null while it is worth waiting, else how long a client should stay away, in seconds. */
export const retryAfterSec = (waitedMs: number, seen: Seen): number | null => {
  const leftMs = remainingMs(seen);
  const isInTime = waitedMs + (leftMs ?? 0) <= WAIT_MS;
  if (isInTime) return null;
  return Math.min(LONGEST_RETRY_SEC, Math.max(1, Math.ceil((leftMs ?? WAIT_MS) / 1_000)));
};

const copying = (name: string, progress: number, retrySec: number): ApiError =>
  new ApiError(
    503,
    "template_copying",
    `The template "${name}" is being copied to a host that can take this sandbox (${Math.floor(progress * 100)} %). Try again.`,
    { details: { progress }, headers: { "retry-after": String(retrySec) } },
  );

const failed = (reason: string, cause?: unknown): ApiError =>
  unavailable(
    "no_hosts_available",
    `No host with room holds the template, and copying it to one failed: ${reason}.`,
    cause,
  );

/** How far this server's own copy is a moment later; null when it is there. */
const lookAtOwn = async (copy: RunningCopy): Promise<number | null> => {
  try {
    const isDone = await Promise.race([copy.done.then(() => true), Bun.sleep(POLL_MS).then(() => false)]);
    return isDone ? null : copy.progress;
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
};

/** The same of another server's; throws when there is none and this one could not begin it. */
const lookAtOther = async (
  { sql, copies }: Pick<SandboxContext, "sql" | "copies">,
  key: CopyKey,
): Promise<number | null> => {
  const row = await findCopy(sql, key);
  if (row?.state === "present") return null;
  if (row?.state !== "copying") {
    throw failed(copies.hasRoom ? "it ended before its time" : "this server copies enough others just now");
  }
  await Bun.sleep(POLL_OTHER_MS);
  return row.progress;
};

/** @throws ApiError 503 `template_copying` with `progress`, `no_hosts_available` when the copy failed. */
export const awaitTemplate = async (
  context: Pick<SandboxContext, "sql" | "copies">,
  template: Template,
  target: HostEndpoint,
): Promise<void> => {
  const key = { templateId: template.id, hostId: target.id };
  const startedMs = performance.now();
  let copy: RunningCopy | null = null;
  const watch = new Watch();
  for (;;) {
    // Again and again: a copy whose server dies is this one's to go on with.
    copy ??= await context.copies.begin({ template, target });
    const to = copy ? await lookAtOwn(copy) : await lookAtOther(context, key);
    if (to === null) return;
    const retrySec = retryAfterSec(performance.now() - startedMs, watch.see(to));
    if (retrySec !== null) throw copying(template.name, to, retrySec);
  }
};
