/** The first administrator's credentials, kept in `first-run.json` (0600) until its owner removes it. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import { pick, pickString } from "./json.ts";
import { writeSecretly } from "./secret-file.ts";

export interface FirstAdmin {
  email: string;
  password: string;
}

export interface FirstRun extends FirstAdmin {
  /** Null until the server made one. */
  apiKey: string | null;
  /** The password was printed: it is not printed again. */
  isShown: boolean;
}

const DEFAULT_EMAIL = "admin@wrenn.local";

/** Null when it is gone, or not ours. */
export const readFirstRun = (path: string): FirstRun | null => {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    const apiKey = pick(content, "api_key");
    return {
      email: pickString(content, "email"),
      password: pickString(content, "password"),
      apiKey: typeof apiKey === "string" ? apiKey : null,
      isShown: pick(content, "shown") === true,
    };
  } catch {
    return null;
  }
};

export const writeFirstRun = (path: string, { email, password, apiKey, isShown }: FirstRun): Promise<void> =>
  writeSecretly(path, `${JSON.stringify({ email, password, api_key: apiKey, shown: isShown }, null, 2)}\n`);

/**
 * Who becomes the first administrator: the configured one, else one with a new password, which is on disk
 * before the account can exist. A start that was interrupted in between is continued.
 */
export const prepareFirstAdmin = async (path: string): Promise<FirstAdmin> => {
  const [email, password] = [process.env.WRENN_ADMIN_EMAIL?.trim(), process.env.WRENN_ADMIN_PASSWORD];
  if (email && password) return { email, password };
  const begun = readFirstRun(path);
  if (begun !== null) return begun;
  const made = {
    email: email || DEFAULT_EMAIL,
    password: randomBytes(18).toString("base64url"),
    apiKey: null,
    isShown: false,
  };
  await writeFirstRun(path, made);
  return made;
};
