/** Opens a watch, or says why the directory cannot be watched. */
import { statfsSync } from "node:fs";

import { Code, ConnectError } from "@connectrpc/connect";

import { errnoOf, pathError } from "../errors.ts";
import { asUser } from "../system/credentials.ts";
import { Watch, type WatchOptions } from "./watch.ts";

const OPEN_ATTEMPTS = 20;
const OPEN_RETRY_MS = 25;

/** statfs types on which the kernel does not see what other machines write: NFS, CIFS, SMB2, FUSE, 9P. */
const NETWORK_TYPES = new Set([0x6969, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997]);

const openOnce = (options: WatchOptions): Watch => {
  const { root, user, allowNetworkMounts } = options;
  const isNetwork = asUser(user, () => NETWORK_TYPES.has(statfsSync(root).type));
  if (isNetwork && !allowNetworkMounts) {
    throw new ConnectError(`'${root}' is on a network mount: set allow_network_mounts`, Code.InvalidArgument);
  }
  return new Watch(options);
};

/** Throws a Connect error: not_found, invalid_argument for what is no directory, resource_exhausted. */
export const openWatch = async (options: WatchOptions): Promise<Watch> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return openOnce(options);
    } catch (error) {
      // The kernel counts closed instances for some milliseconds more.
      if (errnoOf(error) === "EMFILE" && attempt < OPEN_ATTEMPTS) await Bun.sleep(OPEN_RETRY_MS);
      else throw watchError(error, options.root);
    }
  }
};

const watchError = (error: unknown, root: string): ConnectError => {
  if (errnoOf(error) === "ENOTDIR") {
    return new ConnectError(`'${root}' is not a directory`, Code.InvalidArgument);
  }
  // inotify's word for "no more watches".
  if (errnoOf(error) === "ENOSPC") {
    return new ConnectError("too many watched directories", Code.ResourceExhausted);
  }
  return pathError(error, root);
};
