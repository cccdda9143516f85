/** Paths as clients write them: absolute, relative, or under `~`. */
import { resolve } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import type { User } from "./users.ts";

/**
 * The absolute path meant by `path`: `~` is the user's home, a relative path (or none) starts at the
 * sandbox's working directory, or else at the home. Throws invalid_argument for what no path can be.
 */
export const resolvePath = (
  path: string,
  { user, workdir }: { user: User; workdir: string | null },
): string => {
  if (path.includes("\0")) throw new ConnectError("a path must not contain NUL", Code.InvalidArgument);
  if (path === "~" || path.startsWith("~/")) return resolve(user.home, `.${path.slice(1)}`);
  return resolve(workdir ?? user.home, path);
};
