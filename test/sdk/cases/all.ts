/** Every case, in the order they run. */
import type { Case } from "../program/case.ts";
import { ABSENT } from "./absent.ts";
import { ACCESS } from "./access.ts";
import { ADDRESSES } from "./addresses.ts";
import { COMMANDS } from "./commands.ts";
import { COPIES } from "./copies.ts";
import { FILES } from "./files.ts";
import { FOLDERS } from "./folders.ts";
import { GIT } from "./git.ts";
import { LISTING } from "./listing.ts";
import { MEASURES } from "./measures.ts";
import { NETWORK } from "./network.ts";
import { OUTPUT } from "./output.ts";
import { PAUSING } from "./pausing.ts";
import { PROCESSES } from "./processes.ts";
import { PTY } from "./pty.ts";
import { SANDBOXES } from "./sandboxes.ts";
import { WATCHING } from "./watching.ts";

export const ALL_CASES: readonly Case[] = [
  ...SANDBOXES,
  ...COMMANDS,
  ...PROCESSES,
  ...OUTPUT,
  ...PTY,
  ...FILES,
  ...FOLDERS,
  ...WATCHING,
  ...LISTING,
  ...PAUSING,
  ...COPIES,
  ...MEASURES,
  ...ADDRESSES,
  ...ACCESS,
  ...NETWORK,
  ...ABSENT,
  ...GIT,
];
