/** The pools of a host: how much its memory allows, and when there is room for it. */
import { describeError } from "../../errors.ts";
import type { MemoryFacts } from "../../system/machine.ts";
import type { Host } from "../host.ts";
import {
  nameOfSpare,
  nameOfStandby,
  type Spare,
  type SpareKind,
  type Standby,
  type StandbyKind,
} from "./kinds.ts";
import { Pool, type PoolRoom } from "./pool.ts";
import { endSpare, makeSpare } from "./spare.ts";
import { endStandby, makeStandby } from "./standby.ts";

/** What a warmed machine of `minimal` takes of the host's memory (docs/benchmarks.md), rounded up. */
const SPARE_MB = 80;
/** What QEMU has of its own before a guest is in it, rounded up. */
const STANDBY_MB = 24;
/** Of all memory, for all spares together. */
const SPARES_SHARE = 0.1;
const STANDBYS_SHARE = 0.02;
/** A crowd of twenty, and a few more. */
const MOST = 24;
/** With less of it free nothing is made ahead. */
const FREE_SHARE = 0.125;

/** Longer than a crowd of copies is apart: the next ones are not started beside it. */
const STANDBY_REST_MS = 1_000;

export const spareVmsFor = ({ totalMb }: MemoryFacts): number =>
  Math.min(MOST, Math.floor((totalMb * SPARES_SHARE) / SPARE_MB));

export const standbyVmsFor = ({ totalMb }: MemoryFacts): number =>
  Math.min(MOST, Math.floor((totalMb * STANDBYS_SHARE) / STANDBY_MB));

/** Between having to go and being made there is one spare: else each that is made would have to go again. */
export const roomOf = ({ availableMb, totalMb }: MemoryFacts, reserveMb: number): PoolRoom => {
  const roomMb = availableMb - reserveMb - totalMb * FREE_SHARE;
  if (roomMb <= 0) return "none";
  return roomMb <= SPARE_MB ? "enough" : "more";
};

const readRoom = async ({ draining, stopping, admission }: Host): Promise<PoolRoom> => {
  if (draining || stopping) return "none";
  const { memory } = await admission.readMachine();
  return roomOf(memory, admission.limits.memoryReserveMb);
};

/** @param host asked when it is used: it has the spares itself */
export const openSpares = (host: () => Host, most: number): Pool<SpareKind, Spare> =>
  new Pool({
    most,
    nameOf: nameOfSpare,
    make: async (kind, unwanted) => {
      const startedMs = performance.now();
      const spare = await makeSpare(host(), kind, unwanted);
      const { spares, log } = host();
      const ms = Math.round(performance.now() - startedMs);
      log.info("spare_ready", { template: kind.template.templateId, ms, spares: spares.count + 1 });
      return spare;
    },
    end: (spare) => endSpare(host(), spare),
    readRoom: () => readRoom(host()),
    onFailure: ({ template }, error) =>
      host().log.warn("spare_failed", { template: template.templateId, error: describeError(error) }),
  });

/** @param host asked when it is used: it has the standbys itself */
export const openStandbys = (host: () => Host, most: number): Pool<StandbyKind, Standby> =>
  new Pool({
    most,
    restMs: STANDBY_REST_MS,
    nameOf: nameOfStandby,
    make: async (kind, unwanted) => {
      const startedMs = performance.now();
      const standby = await makeStandby(host(), kind, unwanted);
      const { standbys, log } = host();
      const ms = Math.round(performance.now() - startedMs);
      log.info("standby_ready", { template: kind.template.templateId, ms, standbys: standbys.count + 1 });
      return standby;
    },
    end: (standby) => endStandby(host(), standby),
    readRoom: () => readRoom(host()),
    onFailure: ({ template }, error) =>
      host().log.warn("standby_failed", { template: template.templateId, error: describeError(error) }),
  });
