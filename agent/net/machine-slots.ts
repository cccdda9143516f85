/** What the machine itself says of an instance's slots: after a crash nothing else knows. */
import { readdir, readFile } from "node:fs/promises";

import { indexAfter, interfacePrefix, NAMESPACE_DIRECTORY, namespacePrefix } from "./plan.ts";

/** Of the network namespace the agent itself runs in, whereas /sys shows the one it was mounted in. */
const INTERFACES = "/proc/net/dev";

const indexesOf = (names: string[], prefix: string): number[] =>
  names.map((name) => indexAfter(prefix, name)).filter((index) => index !== null);

const readNamespaces = (): Promise<string[]> =>
  readdir(NAMESPACE_DIRECTORY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });

/** One a line after two of headings, as `  name: counters`. */
const readInterfaces = async (): Promise<string[]> =>
  (await readFile(INTERFACES, "utf8")).split("\n").map((line) => line.split(":", 1)[0]?.trim() ?? "");

/** Indexes of the instance's namespaces, and of its interfaces. */
const findParts = async (instanceId: string): Promise<[number[], number[]]> => {
  const [namespaces, interfaces] = await Promise.all([readNamespaces(), readInterfaces()]);
  return [
    indexesOf(namespaces, namespacePrefix(instanceId)),
    indexesOf(interfaces, interfacePrefix(instanceId)),
  ];
};

/** Slots of which anything is there, whole or not; other instances' are never seen. */
export const findSlots = async (instanceId: string): Promise<Set<number>> => {
  const [namespaces, interfaces] = await findParts(instanceId);
  return new Set([...namespaces, ...interfaces]);
};

/** True when both the namespace and its pair are there. */
export const isSlotWhole = async (instanceId: string, index: number): Promise<boolean> => {
  const [namespaces, interfaces] = await findParts(instanceId);
  return namespaces.includes(index) && interfaces.includes(index);
};
