/** All that a host makes ahead, taken together: what begins, ends and makes way for sandboxes. */
import type { Host } from "../host.ts";

/** Nothing is made before this: what an earlier agent left must have been swept. */
export const startAhead = ({ spares, standbys }: Host): void => {
  spares.start();
  standbys.start();
};

/** Resolves when nothing is left and nothing will be made. */
export const closeAhead = async ({ spares, standbys }: Host): Promise<void> => {
  await Promise.all([spares.close(), standbys.close()]);
};

/** Ends what waits: what it has is needed. False when nothing has gone meanwhile, whoever ended it. */
export const giveWay = async ({ spares, standbys }: Host): Promise<boolean> =>
  (await Promise.all([spares.giveWay(), standbys.giveWay()])).includes(true);

/** Nothing of these templates is left or will be made while `work` is under way. */
export const withoutTemplates = <T>(
  { spares, standbys }: Host,
  templateIds: readonly string[],
  work: () => Promise<T>,
): Promise<T> => spares.without(templateIds, () => standbys.without(templateIds, work));
