/** What a start does about an instance that has no account yet. */
import type { Services } from "../services.ts";
import { hasUsers } from "./store.ts";

/**
 * Makes the configured administrator; without one, prints the set-up code when others than this machine can
 * reach the listener. To standard output and not to the log: logs are kept and shipped.
 */
export const prepareFirstAccount = async ({
  sql,
  config,
  settings,
  accounts,
  log,
}: Services): Promise<void> => {
  if (await hasUsers(sql)) return;
  if (config.admin !== null) {
    const made = await accounts.ensureFirstAdmin(config.admin);
    if (made !== null) log.info("first administrator made", { email: made.email });
    return;
  }
  if (!config.isLoopback) console.log(`Set-up code for the first account: ${settings.setupCode}`);
};
