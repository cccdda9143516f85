/**
 * What the agent knows of a sandbox on disk: `sandboxes/<id>/journal.json`, replaced by rename before
 * each step that cannot be taken back. There are three states, and after a crash at any instant the
 * last one written is true or can be made true:
 *
 * - `running`: this process runs on these layers. Alive, it goes on; dead, the sandbox is paused
 *   without memory. Written before the guest first runs, so saved memory is never used twice.
 * - `paused`: whole files on disk. A process still there is a leftover and is killed.
 * - `ended`: being removed; only the fact stays until the server has recorded it.
 *
 * A sandbox without a journal was never handed out: all of it is swept.
 */
import { readFile } from "node:fs/promises";

import type { TemplateKey } from "../images/images.ts";
import { type NetworkPolicy, OPEN_POLICY } from "../net/slots.ts";
import { writeDurably } from "../system/durable.ts";
import type { SavedMemory, VmRecord } from "../vm/runtime.ts";

export interface SandboxTimeout {
  kind: "idle" | "deadline";
  /** 0 = never. */
  timeoutSec: number;
  action: "pause" | "kill";
  /** A pause keeps the disk alone. Journals of earlier agents lack it. */
  dropMemory?: boolean;
}

/** What guest memory is relative to: a template's memory, or zeroes after a cold boot. */
export type BaseMemory = { kind: "template"; key: TemplateKey } | { kind: "zero" };

/** Facts that change only by an operation, in every live state. */
export interface SandboxFacts {
  sandboxId: string;
  teamId: string;
  /** What it was created from, for people; `base` decides what it depends on. */
  template: TemplateKey;
  createdAt: string;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  accessToken: string;
  /** What commands get beside their own; for a boot, which finds no memory of them. Journals of earlier agents lack it. */
  envs?: Record<string, string>;
  timeout: SandboxTimeout;
  /** Unix milliseconds: when a `deadline` timeout is due. Null: never, or idle. */
  deadlineMs: number | null;
  network: NetworkPolicy;
  /** Oldest first; the last is this sandbox's own and writable. */
  layers: string[];
  base: BaseMemory;
  kernelDigest: string;
  guestDriveDigest: string;
}

export interface Running extends SandboxFacts {
  state: "running";
  slotIndex: number;
  vm: VmRecord;
}

export interface Paused extends SandboxFacts {
  state: "paused";
  reason: string;
  pausedAt: string;
  /** Null: the memory was dropped or lost; a resume boots from the disk. */
  saved: SavedMemory | null;
}

export interface Ended {
  state: "ended";
  sandboxId: string;
  teamId: string;
  template: TemplateKey;
  reason: string;
  at: string;
  /** To be deleted where nothing else uses them. */
  layers: string[];
  vm: VmRecord | null;
}

export type Journal = Running | Paused | Ended;

/** Not JSON, of another version, or without the parts every journal has. */
export class UnreadableJournal extends Error {
  override name = "UnreadableJournal";
}

const VERSION = 1;
const STATES = new Set<unknown>(["running", "paused", "ended"]);

export const encodeJournal = (journal: Journal): string =>
  `${JSON.stringify({ version: VERSION, ...journal }, null, 1)}\n`;

/** Journals of before there were domains have none. */
const withDomains = (journal: Journal): Journal =>
  journal.state === "ended" ? journal : { ...journal, network: { ...OPEN_POLICY, ...journal.network } };

/** Throws `UnreadableJournal`. `sandboxId` is the directory's name: a journal speaks for no other. */
export const decodeJournal = (text: string, sandboxId: string): Journal => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UnreadableJournal(`the journal of ${sandboxId} is not JSON`, { cause });
  }
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { version, ...journal } = fields;
  if (version !== VERSION) {
    throw new UnreadableJournal(`the journal of ${sandboxId} has version ${String(version)}, not ${VERSION}`);
  }
  const whole =
    journal["sandboxId"] === sandboxId && STATES.has(journal["state"]) && Array.isArray(journal["layers"]);
  if (!whole) throw new UnreadableJournal(`the journal of ${sandboxId} lacks what every journal has`);
  // Written by `encodeJournal` of this version alone, whole by rename.
  return withDomains(journal as unknown as Journal);
};

export const writeJournal = (path: string, journal: Journal): Promise<void> =>
  writeDurably(path, encodeJournal(journal));

/** Null when there is none. Throws `UnreadableJournal`. */
export const readJournal = async (path: string, sandboxId: string): Promise<Journal | null> => {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  return text === null ? null : decodeJournal(text, sandboxId);
};
