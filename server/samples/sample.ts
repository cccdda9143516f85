/** Samples as the server knows them, and what of a host's it believes. */
import { timestampDate } from "@bufbuild/protobuf/wkt";

import type {
  ListSamplesResponse,
  SampleRound,
  SandboxSample as HostsSample,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { FINEST_SEC } from "./resolutions.ts";

/** Of a sandbox at one time, or over one step. */
export interface SandboxSample {
  at: Date;
  cpuCount: number;
  /** Of all its CPUs together. */
  cpuUsedPercent: number;
  memoryUsedBytes: number;
  memoryTotalBytes: number;
  memoryCacheBytes: number;
  diskUsedBytes: number;
  diskTotalBytes: number;
}

export interface HostSample {
  at: Date;
  cpuUsedPercent: number;
  freeMemoryMb: number;
  freeDiskMb: number;
}

export interface Round {
  host: HostSample;
  /** Ids are bare UUIDs. */
  sandboxes: (SandboxSample & { id: string })[];
}

const MAX_CPUS = 65_536;
const MAX_INT = 2_147_483_647;
/** Hosts keep five minutes. What is older, or of a time to come, is made up. */
const MAX_AGE_MS = 10 * 60_000;
const MAX_AHEAD_MS = 60_000;

const within = (value: number | bigint, max: number): number => {
  const number = Number(value);
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), max) : 0;
};
const bytes = (value: bigint): number => within(value, Number.MAX_SAFE_INTEGER);

const toSandbox = (at: Date, sample: HostsSample): Round["sandboxes"] => {
  const id = parseSandboxId(sample.sandboxId);
  if (id === null) return [];
  return [
    {
      id,
      at,
      cpuCount: within(sample.cpuCount, MAX_CPUS),
      cpuUsedPercent: within(sample.cpuUsedPercent, 100),
      memoryUsedBytes: bytes(sample.memoryUsedBytes),
      memoryTotalBytes: bytes(sample.memoryTotalBytes),
      memoryCacheBytes: bytes(sample.memoryCacheBytes),
      diskUsedBytes: bytes(sample.diskUsedBytes),
      diskTotalBytes: bytes(sample.diskTotalBytes),
    },
  ];
};

/** The nearest time that samples are kept for: hosts take them about then. */
const atGrid = (ms: number): Date => {
  const stepMs = FINEST_SEC * 1_000;
  return new Date(Math.round(ms / stepMs) * stepMs);
};

const toRound = (round: SampleRound, { aheadMs, nowMs }: { aheadMs: number; nowMs: number }): Round[] => {
  if (round.at === undefined) return [];
  const atMs = timestampDate(round.at).getTime() - aheadMs;
  if (!(atMs > nowMs - MAX_AGE_MS && atMs < nowMs + MAX_AHEAD_MS)) return [];
  const at = atGrid(atMs);
  const host = {
    at,
    cpuUsedPercent: within(round.hostCpuUsedPercent, 100),
    freeMemoryMb: within(round.hostFreeMemoryMb, MAX_INT),
    freeDiskMb: within(round.hostFreeDiskMb, MAX_INT),
  };
  return [{ host, sandboxes: round.sandboxes.flatMap((sample) => toSandbox(at, sample)) }];
};

/**
 * Rounds by the server's clock, numbers within bounds, and each round once for each time that is kept.
 * @param nowMs the server's clock when the answer came.
 */
export const toRounds = (answer: ListSamplesResponse, nowMs: number): Round[] => {
  const aheadMs = answer.now === undefined ? 0 : timestampDate(answer.now).getTime() - nowMs;
  const rounds = answer.rounds.flatMap((round) => toRound(round, { aheadMs, nowMs }));
  return [...new Map(rounds.map((round) => [round.host.at.getTime(), round])).values()];
};
