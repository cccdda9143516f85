/** What the machine itself says of an instance's slots: after a crash nothing else knows. */
import { readdir } from "node:fs/promises";

import { indexAfter, interfacePrefix, NAMESPACE_DIRECTORY, namespacePrefix } from "./plan.ts";

const INTERFACE_DIRECTORY = "/sys/class/net";

const indexesIn = async (directory: string, prefix: string): Promise<number[]> => {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.map((name) => indexAfter(prefix, name)).filter((index) => index !== null);
};

/** Slots of which anything is there, whole or not; other instances' are never seen. */
export const findSlots = async (instanceId: string): Promise<Set<number>> => {
  const [namespaces, interfaces] = await Promise.all([
    indexesIn(NAMESPACE_DIRECTORY, namespacePrefix(instanceId)),
    indexesIn(INTERFACE_DIRECTORY, interfacePrefix(instanceId)),
  ]);
  return new Set([...namespaces, ...interfaces]);
};

/** True when both the namespace and its pair are there. */
export const isSlotWhole = async (instanceId: string, index: number): Promise<boolean> => {
  const [namespaces, interfaces] = await Promise.all([
    indexesIn(NAMESPACE_DIRECTORY, namespacePrefix(instanceId)),
    indexesIn(INTERFACE_DIRECTORY, interfacePrefix(instanceId)),
  ]);
  return namespaces.includes(index) && interfaces.includes(index);
};
