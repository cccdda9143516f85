/** What a login page may offer here and now. */
import type { Sql } from "../../db/sql.ts";
import type { ServerConfig } from "../config.ts";
import { effectivePolicy } from "./rules.ts";
import { hasUsers } from "./store.ts";

/** Who may make an account; `first_account`: there is none yet, and whoever makes it runs the place. */
export const SIGNUP_STATES = ["open", "closed", "domains", "first_account"] as const;
export type SignupState = (typeof SIGNUP_STATES)[number];

export interface OfferedSignIn {
  signup: SignupState;
  setupCodeRequired: boolean;
  providers: readonly { id: string; name: string }[];
}

export interface SignInOptionsDeps {
  sql: Sql;
  config: Pick<ServerConfig, "isLoopback" | "signup">;
  providers: OfferedSignIn["providers"];
}

export const createSignInOptions =
  ({ sql, config, providers }: SignInOptionsDeps) =>
  async (): Promise<OfferedSignIn> => {
    if (await hasUsers(sql)) {
      const { kind } = effectivePolicy(config.signup, config.isLoopback);
      return { signup: kind, setupCodeRequired: false, providers };
    }
    return { signup: "first_account", setupCodeRequired: !config.isLoopback, providers };
  };

export type SignInOptions = ReturnType<typeof createSignInOptions>;
