/** Pieces of route schemas about accounts. */
import { t } from "elysia";

import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../auth/passwords.ts";
import { EMAIL_PATTERN } from "./rules.ts";

export const Email = t.String({ maxLength: 254, pattern: EMAIL_PATTERN, examples: ["ada@example.com"] });

export const PersonName = t.String({ minLength: 1, maxLength: 100 });

// UTF-16 units here; the exact rule counts characters.
const MAX_UNITS = MAX_PASSWORD_LENGTH * 2;

/** One that is being chosen. */
export const NewPassword = t.String({ minLength: MIN_PASSWORD_LENGTH, maxLength: MAX_UNITS });

/** One that is being checked: wrong is wrong, whatever its length. */
export const TypedPassword = t.String({ minLength: 1, maxLength: MAX_UNITS });

/** A secret of 32 bytes that is used once. */
export const OneTimeSecret = t.String({ pattern: "^[0-9a-f]{64}$" });
