/** What sandboxes of one agent leave on the machine: read from files, processes and namespaces themselves. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { type Journal, readJournal } from "../../agent/sandboxes/journal.ts";
import { run } from "../../agent/system/exec.ts";
import { findVmProcesses } from "../../agent/vm/strays.ts";
import { parseSandboxId, ZERO_UUID } from "../../proto/ids.ts";

/** Blocks are counted in 512 bytes whatever the file system's own size. */
const BLOCK_BYTES = 512;

export interface Traces {
  /** Names of directories, one per sandbox. */
  sandboxes: string[];
  /** File names of all disk layers, those of templates too. */
  layers: string[];
  /** Pids of virtual machines. */
  vms: number[];
  /** Work that was begun aside and not finished. */
  staging: string[];
}

export const readTraces = async (directory: string): Promise<Traces> => {
  const { sandboxes, layers, staging } = createLayout(directory);
  return {
    sandboxes: (await readdir(sandboxes)).sort(),
    layers: (await readdir(layers)).sort(),
    vms: findVmProcesses(directory).map(({ pid }) => pid),
    staging: await readdir(staging),
  };
};

/** Ids of the templates a host holds, the built-in one apart. */
export const readTemplates = async (directory: string): Promise<string[]> => {
  const { templates } = createLayout(directory);
  const teams = (await readdir(templates)).filter((team) => team !== ZERO_UUID);
  return (await Promise.all(teams.map((team) => readdir(join(templates, team))))).flat().sort();
};

/** Names of this agent's network namespaces, the idle ones too. */
export const readNamespaces = async (directory: string): Promise<string[]> => {
  const prefix = `wrenn-${createLayout(directory).instanceId}-`;
  const listed = await run(["ip", "netns", "list"]);
  return listed.split("\n").flatMap((line) => (line.startsWith(prefix) ? [line.split(" ", 1)[0] ?? ""] : []));
};

/** Of a sandbox by its wire id. Throws when there is none. */
export const readJournalOf = async (directory: string, sandboxId: string): Promise<Journal> => {
  const id = parseSandboxId(sandboxId) ?? "";
  const journal = await readJournal(createLayout(directory).sandboxJournal(id), id);
  if (journal === null) throw new Error(`${sandboxId} has no journal`);
  return journal;
};

const bytesUnder = async (path: string): Promise<number> => {
  const entry = await stat(path);
  if (!entry.isDirectory()) return entry.blocks * BLOCK_BYTES;
  const sizes = await Promise.all((await readdir(path)).map((name) => bytesUnder(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** Bytes on disk of all sandboxes: their files, and every disk layer, those of templates too. */
export const diskBytes = async (directory: string): Promise<number> => {
  const { sandboxes, layers } = createLayout(directory);
  return (await bytesUnder(sandboxes)) + (await bytesUnder(layers));
};

/** Address on which the host reaches a running sandbox. */
export const slotAddressOf = async (directory: string, sandboxId: string): Promise<string> => {
  const journal = await readJournalOf(directory, sandboxId);
  if (journal.state !== "running") throw new Error(`${sandboxId} does not run`);
  const namespace = `wrenn-${createLayout(directory).instanceId}-${journal.slotIndex}`;
  const text = await run(["ip", "-n", namespace, "-json", "-4", "address", "show", "dev", "uplink"]);
  const [device]: { addr_info: { local: string }[] }[] = JSON.parse(text);
  const address = device?.addr_info[0]?.local;
  if (address === undefined) throw new Error(`${namespace} has no address`);
  return address;
};

/** How what a host says of a sandbox and what is on its machine disagree, in words; empty when they do not. */
export const disbelief = async (
  directory: string,
  sandboxId: string,
  said: "running" | "paused" | "busy" | "ended" | "nothing",
): Promise<string> => {
  const own = createLayout(directory).sandboxDirectory(parseSandboxId(sandboxId) ?? "");
  const machines = findVmProcesses(own).length;
  const expected = said === "running" || said === "busy" ? 1 : 0;
  if (machines !== expected) return `${machines} machines run`;
  if (said === "nothing") return existsSync(own) ? "its files are there" : "";
  const journal = await readJournalOf(directory, sandboxId);
  if (said === "busy") return "";
  if (journal.state !== said) return `its journal says ${journal.state}`;
  if (journal.state === "ended" && journal.layers.length > 0) return "its disk is there";
  const memory = journal.state === "paused" ? journal.saved : null;
  return memory === null || existsSync(memory.diffPath) ? "" : "its memory is gone";
};
