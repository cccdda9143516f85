/** The spares of a host: how many its memory allows, and when there is room for them. */
import { describeError } from "../../errors.ts";
import type { MemoryFacts } from "../../system/machine.ts";
import type { Host } from "../host.ts";
import { Pool, type PoolRoom } from "./pool.ts";
import { endSpare, makeSpare, type Spare, type SpareKind } from "./spare.ts";

/** What a warmed machine of `minimal` takes of the host's memory (docs/benchmarks.md), rounded up. */
const EXPECTED_MB = 80;
/** Of all memory, for all spares together. */
const SHARE = 0.1;
/** A crowd of twenty, and a few more. */
const MOST = 24;
/** With less of it free there are no spares. */
const FREE_SHARE = 0.125;

export const spareVmsFor = ({ totalMb }: MemoryFacts): number =>
  Math.min(MOST, Math.floor((totalMb * SHARE) / EXPECTED_MB));

/** Between having to go and being made there is one spare: else each that is made would have to go again. */
export const spareRoomOf = ({ availableMb, totalMb }: MemoryFacts, reserveMb: number): PoolRoom => {
  const roomMb = availableMb - reserveMb - totalMb * FREE_SHARE;
  if (roomMb <= 0) return "none";
  return roomMb <= EXPECTED_MB ? "enough" : "more";
};

const readRoom = async ({ draining, stopping, admission }: Host): Promise<PoolRoom> => {
  if (draining || stopping) return "none";
  const { memory } = await admission.readMachine();
  return spareRoomOf(memory, admission.limits.memoryReserveMb);
};

export const nameOfSpare = ({ template, diskSizeMb }: SpareKind): string =>
  `${template.templateId}/${diskSizeMb}`;

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
