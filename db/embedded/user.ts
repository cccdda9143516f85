/** Which user the embedded PostgreSQL runs as: it refuses to run as root. */
import { readFile, stat } from "node:fs/promises";

import { EmbeddedDatabaseError } from "./error.ts";
import type { DatabaseUser } from "./files.ts";

const readPasswd = async (): Promise<Map<string, DatabaseUser>> => {
  const users = new Map<string, DatabaseUser>();
  for (const line of (await readFile("/etc/passwd", "utf8")).split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name && uid && gid) users.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return users;
};

/**
 * The caller; when that is root, the owner of existing data, else `postgres`, else `nobody`. The user must
 * be listed in /etc/passwd, which initdb insists on.
 */
export const chooseDatabaseUser = async (dataDirectory: string): Promise<DatabaseUser> => {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid };
  const existing = await stat(dataDirectory).catch(() => null);
  if (existing !== null && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  const users = await readPasswd();
  const user = users.get("postgres") ?? users.get("nobody");
  if (user === undefined || user.uid === 0) {
    throw new EmbeddedDatabaseError(
      "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody. " +
        "Add one with `useradd --system postgres`, or set DATABASE_URL.",
    );
  }
  return user;
};
