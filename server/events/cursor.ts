/**
 * Where a reader of events is: what the transactions of one moment had committed, as PostgreSQL writes a snapshot
 * down, and when that was. It is the id of events on the wire. Numbers alone would not do: they are handed out
 * before the commit, so a lower one may appear after a higher one.
 */

export interface Cursor {
  /** By the database's clock. */
  atMs: number;
  /** Its number in its cluster: a backup that was put into a new one has not had this moment. */
  database: number;
  /** `xmin:xmax:xip,…`. */
  snapshot: string;
}

/** What a server with many writers may have under way at once, and more than any client's header should hold. */
const MAX_LENGTH = 8_192;
const SHAPE = /^(\d{1,15})-(\d{1,10})-(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/;

export const formatCursor = ({ atMs, database, snapshot }: Cursor): string =>
  `${atMs}-${database}-${snapshot}`;

const isRising = (numbers: readonly bigint[]): boolean =>
  numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n));

/** Null for what this server never gave out: PostgreSQL would refuse it as a snapshot. */
export const parseCursor = (text: string): Cursor | null => {
  const match = text.length > MAX_LENGTH ? null : SHAPE.exec(text);
  if (match === null) return null;
  const [, at, database, xmin = "", xmax = "", list = ""] = match;
  const [oldest, next] = [BigInt(xmin), BigInt(xmax)];
  const running = list === "" ? [] : list.split(",").map(BigInt);
  const within = running.every((xid) => xid >= oldest && xid < next);
  if (oldest === 0n || oldest > next || next >= 2n ** 63n || !within || !isRising(running)) return null;
  return { atMs: Number(at), database: Number(database), snapshot: `${xmin}:${xmax}:${list}` };
};
