/** Looking for people by the beginning of their address, to add them to a team. */
import type { Queryable } from "../../db/sql.ts";
import { invalidRequest } from "../errors.ts";

const MIN_LENGTH = 3;
const MAX_FOUND = 10;

/** `text` as a pattern that matches itself alone. */
export const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/**
 * What is looked for, lower-cased. Someone who knows the name before the `@` may complete an address; nobody
 * may list accounts, or those of a domain.
 */
export const readSearch = (text: string): string => {
  const prefix = text.trim().toLowerCase();
  if (Array.from(prefix).length < MIN_LENGTH) {
    throw invalidRequest("email", "min_length", `email: type at least ${MIN_LENGTH} characters.`);
  }
  if (!prefix.includes("@")) {
    throw invalidRequest("email", "at_sign", "email: type the address up to its @ at least.");
  }
  return prefix;
};

export interface FoundUser {
  id: string;
  email: string;
}

/** Enabled accounts whose address begins with `prefix`, in alphabetical order. */
export const searchUsers = (sql: Queryable, prefix: string): Promise<FoundUser[]> => sql<FoundUser[]>`
  select id, email from users
  where email like ${`${escapeLike(prefix)}%`} and disabled_at is null
  order by email limit ${MAX_FOUND}`;
