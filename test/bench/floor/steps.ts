/** The system's side of a floor VM: namespace, tap, overlay and files that must last. */
import { chmodSync, chownSync, closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import { TAP_NAME } from "../../../agent/net/plan.ts";
import {
  GATEWAY_ADDRESS,
  GATEWAY_MAC_ADDRESS,
  GUEST_ADDRESS,
  GUEST_MAC_ADDRESS,
} from "../../../agent/system/guest-network.ts";
import type { FloorTemplate } from "./template.ts";

/** Runs a tool to its end. Throws what it printed when it fails. */
const tool = (argv: string[], input?: string): void => {
  const { exitCode, stderr } = Bun.spawnSync(argv, {
    stdin: input === undefined ? "ignore" : Buffer.from(input),
    stdout: "ignore",
    timeout: 20_000,
  });
  if (exitCode !== 0) throw new Error(`${argv.slice(0, 4).join(" ")}: ${stderr.toString().trim()}`);
};

export const makeNetwork = (namespace: string, uid: number): void => {
  tool(["ip", "netns", "add", namespace]);
  tool(
    ["ip", "-n", namespace, "-batch", "-"],
    `tuntap add dev ${TAP_NAME} mode tap user ${uid} group ${uid}
link set dev ${TAP_NAME} address ${GATEWAY_MAC_ADDRESS}
address add ${GATEWAY_ADDRESS}/30 dev ${TAP_NAME}
link set dev ${TAP_NAME} up
neighbour replace ${GUEST_ADDRESS} lladdr ${GUEST_MAC_ADDRESS} nud permanent dev ${TAP_NAME}
`,
  );
};

export const removeNetwork = (namespace: string): void => tool(["ip", "netns", "delete", namespace]);

const syncPath = (path: string): void => {
  const fd = openSync(path, "r");
  fsyncSync(fd);
  closeSync(fd);
};

/** An overlay that lasts, owned by `uid`. */
export const makeOverlay = (
  path: string,
  below: Pick<FloorTemplate, "diskPath" | "diskFormat">,
  uid: number,
): void => {
  tool(["qemu-img", "create", "-q", "-f", "qcow2", "-b", below.diskPath, "-F", below.diskFormat, path]);
  chownSync(path, uid, uid);
  chmodSync(path, 0o600);
  syncPath(path);
  syncPath(dirname(path));
};

/** About what a journal is: written aside, fsynced, renamed in. */
export const keepRecord = (path: string, record: unknown): void => {
  const fd = openSync(`${path}.new`, "w", 0o600);
  writeSync(fd, JSON.stringify(record));
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${path}.new`, path);
  syncPath(dirname(path));
};

export const makeLast = syncPath;
