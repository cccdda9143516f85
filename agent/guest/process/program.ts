/** Finds the program a command names, with the rights and the PATH the command will have. */
import { statSync } from "node:fs";
import { resolve } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import { asUser } from "../system/credentials.ts";
import type { User } from "../users.ts";

const ANY_EXECUTE_BIT = 0o111;

const isProgram = (path: string): boolean => {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() === true && (found.mode & ANY_EXECUTE_BIT) !== 0;
  } catch {
    // A part of PATH this user may not enter holds nothing for them.
    return false;
  }
};

/**
 * Absolute path of `command`. Throws invalid_argument when there is none; whether this user may execute
 * it is left to exec itself.
 */
export const findProgram = (options: { command: string; path: string; cwd: string; user: User }): string => {
  const { command, path, cwd, user } = options;
  if (command === "" || command.includes("\0")) {
    throw new ConnectError("cmd must name a program", Code.InvalidArgument);
  }
  const candidates = command.includes("/")
    ? [resolve(cwd, command)]
    : path.split(":").map((directory) => resolve(cwd, directory || ".", command));
  const found = asUser(user, () => candidates.find(isProgram) ?? null);
  if (found === null) {
    throw new ConnectError(`error starting process '${command}': no such program`, Code.InvalidArgument);
  }
  return found;
};

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
};

/** Throws invalid_argument when `cwd` is not a directory this user can see. */
export const checkWorkingDirectory = (cwd: string, user: User): void => {
  if (!asUser(user, () => isDirectory(cwd))) {
    throw new ConnectError(`cwd '${cwd}' does not exist`, Code.InvalidArgument);
  }
};

/** Where a command starts that asks for no place: the root when the image has no home for its user. */
export const defaultWorkingDirectory = (user: User, workdir: string | null): string => {
  const wanted = workdir ?? user.home;
  return asUser(user, () => isDirectory(wanted)) ? wanted : "/";
};
