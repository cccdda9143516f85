/** Repeats what records something already done, while the database is away for a moment. */
import { isDatabaseAway } from "./sql.ts";

const GIVE_UP_MS = 10_000;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;

/**
 * Runs `work` again when the database cannot be reached, for ten seconds. `work` must be safe to run twice: the
 * answer to a commit may have been lost.
 */
export const whileAway = async <T>(work: () => Promise<T>): Promise<T> => {
  const giveUpMs = Date.now() + GIVE_UP_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isDatabaseAway(error) || Date.now() + waitMs > giveUpMs) throw error;
    }
    await Bun.sleep(waitMs);
  }
};
