/** What the first bytes of a guest's connection say of where it wants to go. */

/** At most this much is read before a connection has said so. */
export const MAX_HEAD_BYTES = 16 * 1024;

/** Why a connection goes nowhere; `reason` is for people. */
export interface Refused {
  kind: "refused";
  reason: string;
}

export type Incomplete = { kind: "incomplete" };

export const refused = (reason: string): Refused => ({ kind: "refused", reason });

export const INCOMPLETE: Incomplete = { kind: "incomplete" };
