/**
 * Acting with a user's rights from a process that runs as root.
 *
 * Linux keeps credentials per thread. A synchronous block on this thread takes the user's fsuid, fsgid and
 * supplementary groups; the kernel then drops the capabilities that override file permissions, so every
 * path component, ACL and mount option is judged by the kernel itself, and nothing another thread does at
 * the same time is affected. (Checking modes ourselves would miss ACLs and race with renames; a helper
 * process per user costs tens of milliseconds under emulation.) Bun's asynchronous file calls run on other
 * threads and must not be used inside; a file opened inside may be read and written outside, because
 * rights are checked at open.
 *
 * A child is forked by the same thread and inherits what the thread has then. Bun's `gid` option clears
 * the supplementary groups (`setgroups(0)` before setgid, its failure ignored), so instead the thread takes
 * the user's groups and effective gid and gives up CAP_SETGID around the spawn: the child's setgroups
 * fails, its setuid (Bun's `uid`) then sets all user ids, and exec seals it. The real and saved ids of this
 * thread stay 0, so no user process may signal or trace the agent meanwhile.
 */
import type { User } from "../users.ts";
import { addressOf, libc, rawCall } from "./libc.ts";

const CAP_SETGID_BIT = 1 << 6;
/** Not a valid id: setfsuid then changes nothing and returns the current one. */
const ASK = 0xffff_ffff;

/** `_LINUX_CAPABILITY_VERSION_3`, and 0 for the calling thread. */
const capabilityHeader = new Uint32Array([0x2008_0522, 0]);
/** effective, permitted, inheritable; twice, for capabilities 0-31 and 32-63. */
const ownCapabilities = new Uint32Array(6);
const withoutSetgid = new Uint32Array(6);

const NO_GROUPS = new Uint32Array(1);

const setGroups = (groups: number[]): void => {
  if (groups.length === 0) {
    rawCall("setgroups", 0, addressOf(NO_GROUPS));
    return;
  }
  const list = new Uint32Array(groups);
  rawCall("setgroups", list.length, addressOf(list));
};

const takeFileIds = (uid: number, gid: number): void => {
  libc.setfsgid(gid);
  libc.setfsuid(uid);
  // Both calls report no failure; asking is the only way to know.
  if (libc.setfsuid(ASK) !== uid || libc.setfsgid(ASK) !== gid) {
    throw new Error(`cannot take the rights of uid ${uid}: the guest agent must run as root`);
  }
};

const dropFileIds = (): void => {
  libc.setfsuid(0);
  libc.setfsgid(0);
  setGroups([]);
};

/** Runs a synchronous block of file calls with the user's rights; root needs no change. */
export const asUser = <T>(user: User, action: () => T extends PromiseLike<unknown> ? never : T): T => {
  if (user.uid === 0) return action();
  try {
    setGroups(user.groups);
    takeFileIds(user.uid, user.gid);
    return action();
  } finally {
    dropFileIds();
  }
};

/**
 * Runs a synchronous block that spawns exactly one child, which becomes the user's: uid, gid,
 * supplementary groups. The block must hand `uid` on to `Bun.spawn` (and no gid).
 */
export const spawningAs = <T>(user: User, action: (uid: number | undefined) => T): T => {
  if (user.uid === 0 && user.gid === 0) return action(undefined);
  rawCall("capget", addressOf(capabilityHeader), addressOf(ownCapabilities));
  withoutSetgid.set(ownCapabilities);
  withoutSetgid[0] = ((ownCapabilities[0] ?? 0) & ~CAP_SETGID_BIT) >>> 0;
  try {
    setGroups(user.groups);
    rawCall("setresgid", user.gid, user.gid, 0);
    rawCall("capset", addressOf(capabilityHeader), addressOf(withoutSetgid));
    // After capset, or it would give back the file capabilities that leaving fsuid 0 takes away.
    takeFileIds(user.uid, user.gid);
    return action(user.uid);
  } finally {
    libc.setfsuid(0);
    rawCall("capset", addressOf(capabilityHeader), addressOf(ownCapabilities));
    rawCall("setresgid", 0, 0, 0);
    dropFileIds();
  }
};
