/** How long the server waits for a host, per call. Streams have no deadline. */
import type { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";

type Method = keyof (typeof HostService)["method"];

const SECOND = 1000;

/** A question that touches no VM. */
const QUESTION_MS = 10 * SECOND;

/**
 * In ms. Each stays below the grace the reconcile gives the status that the call keeps the sandbox in,
 * so that the two never decide about the same sandbox.
 */
const DEADLINES_MS: Partial<Record<Method, number>> = {
  // A size the template has no warm variant of boots cold, possibly under emulation, possibly twice.
  createSandbox: 55 * SECOND,
  resumeSandbox: 55 * SECOND,
  forkSandbox: 55 * SECOND,
  // Follows dirty memory, and the disk it is written to.
  pauseSandbox: 170 * SECOND,
  createSnapshot: 170 * SECOND,
  destroySandbox: 30 * SECOND,
  deleteTemplate: 30 * SECOND,
  pauseAll: 170 * SECOND,
  // With `pause` it pauses all that runs.
  drain: 170 * SECOND,
};

export const deadlineOf = (method: string): number =>
  Object.entries(DEADLINES_MS).find(([name]) => name === method)?.[1] ?? QUESTION_MS;
