/**
 * Which hosts have been silent for too long, and whether it is they who are gone or the server that is cut off.
 * Pure: given what the database tells, what the monitor is to do about it.
 */
import type { HoldEnd } from "../../../db/constants.ts";

/** An online host as the monitor sees it. */
export interface WatchedHost {
  id: string;
  /** Not a team's own. */
  isPlatforms: boolean;
  lastHeartbeatAt: Date;
  /** A hold that it was in and that has ended since its last beat. */
  held: { end: HoldEnd; endedAt: Date } | null;
}

export interface OpenHold {
  hostIds: readonly string[];
  begunAt: Date;
}

export interface Watch {
  /** By the database's clock, as all times here. */
  now: Date;
  leadingSince: Date;
  staleMs: number;
  /** All that are online. */
  hosts: readonly WatchedHost[];
  hold: OpenHold | null;
}

export type Verdict =
  /** These are lost; often none. */
  | { action: "mark"; hostIds: string[] }
  /** So many fell silent at once that it is hardly they who are gone. */
  | { action: "hold"; hostIds: string[] }
  /** The hold goes on. */
  | { action: "wait" }
  | { action: "end"; end: Exclude<HoldEnd, "released"> };

/** Hosts that fell silent within this part of the stale time count as one event: the time between two beats. */
const AT_ONCE = 1 / 3;
/** How long a hold lasts at most, in stale times. */
export const LONGEST_HOLD = 10;
/** So few may well have gone by themselves. */
const MOST_LOST_AT_ONCE = 2;

/**
 * Who tells by silence, or by a beat, whether the server is cut off: the platform's own hosts where there are
 * any. A team could let any number of hosts of its own fall silent, or beat, as it likes.
 */
const witnesses = <Host extends { isPlatforms: boolean }>(hosts: readonly Host[]): readonly Host[] => {
  const platforms = hosts.filter(({ isPlatforms }) => isPlatforms);
  return platforms.length > 0 ? platforms : hosts;
};

interface Silent {
  id: string;
  staleAtMs: number;
  isHeld: boolean;
}

/**
 * Nobody can be blamed for silence towards a server that did not listen: it counts from when this one began to
 * lead, and for hosts of a hold that ended by a beat from there.
 */
const toSilent = ({ id, lastHeartbeatAt, held }: WatchedHost, { leadingSince, staleMs }: Watch): Silent => {
  const heldUntilMs = held?.end === "beat" ? held.endedAt.getTime() : 0;
  const sinceMs = Math.max(lastHeartbeatAt.getTime(), leadingSince.getTime(), heldUntilMs);
  return { id, staleAtMs: sinceMs + staleMs, isHeld: held !== null };
};

/**
 * The most hosts that went stale, or will unless they beat, at once with one that is stale. The look ahead is
 * what keeps the first ones of a crowd from being marked before the last ones are stale.
 */
const largestCrowd = (silent: readonly Silent[], nowMs: number, windowMs: number): Silent[] => {
  // Those of an earlier hold had their time already.
  const counted = silent.filter(({ isHeld }) => !isHeld);
  let largest: Silent[] = [];
  for (const { staleAtMs: fromMs } of counted.filter(({ staleAtMs }) => staleAtMs <= nowMs)) {
    const untilMs = fromMs + windowMs;
    const crowd = counted.filter(({ staleAtMs }) => staleAtMs >= fromMs && staleAtMs <= untilMs);
    if (crowd.length > largest.length) largest = crowd;
  }
  return largest;
};

const judgeHold = ({ hostIds, begunAt }: OpenHold, { now, staleMs, hosts }: Watch): Verdict => {
  const members = hosts.filter(({ id }) => hostIds.includes(id));
  if (witnesses(members).some(({ lastHeartbeatAt }) => lastHeartbeatAt > begunAt)) {
    return { action: "end", end: "beat" };
  }
  const isOver = now.getTime() - begunAt.getTime() >= staleMs * LONGEST_HOLD;
  return isOver || members.length === 0 ? { action: "end", end: "expired" } : { action: "wait" };
};

export const judge = (watch: Watch): Verdict => {
  if (watch.hold) return judgeHold(watch.hold, watch);
  const nowMs = watch.now.getTime();
  const windowMs = watch.staleMs * AT_ONCE;
  const silent = watch.hosts
    .map((host) => toSilent(host, watch))
    .filter(({ staleAtMs }) => staleAtMs <= nowMs + windowMs);
  const asked = witnesses(watch.hosts);
  const crowd = largestCrowd(
    silent.filter(({ id }) => asked.some((host) => host.id === id)),
    nowMs,
    windowMs,
  );
  if (crowd.length > MOST_LOST_AT_ONCE && crowd.length * 2 > asked.length) {
    // All who are silent wait with them, and get their time anew when it ends.
    return { action: "hold", hostIds: silent.filter(({ isHeld }) => !isHeld).map(({ id }) => id) };
  }
  return {
    action: "mark",
    hostIds: silent.filter(({ staleAtMs }) => staleAtMs <= nowMs).map(({ id }) => id),
  };
};
