/** The first administrator's credentials, kept in `first-run.json` (0600) until its owner removes it. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import { pickString } from "./json.ts";
import { writeSecretly } from "./secret-file.ts";

export interface FirstRun {
  email: string;
  password: string;
  apiKey: string;
}

/** Null when it is gone, or not ours. */
export const readFirstRun = (path: string): FirstRun | null => {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    return {
      email: pickString(content, "email"),
      password: pickString(content, "password"),
      apiKey: pickString(content, "api_key"),
    };
  } catch {
    return null;
  }
};

export const writeFirstRun = (path: string, { email, password, apiKey }: FirstRun): Promise<void> =>
  writeSecretly(path, `${JSON.stringify({ email, password, api_key: apiKey }, null, 2)}\n`);

/** 24 characters, 18 random bytes. */
export const makePassword = (): string => randomBytes(18).toString("base64url");
