import { expect, test } from "bun:test";

import type { HostErrorCode } from "../../proto/host-errors.ts";
import { AgentError } from "../errors.ts";
import { Admission, type AdmissionLimits, checkRoom, checkSize, type MachineFacts } from "./admission.ts";

const machine: MachineFacts = {
  cpuCores: 8,
  memory: { totalMb: 8_000, availableMb: 4_000 },
  disk: { totalMb: 100_000, freeMb: 20_000 },
};
const limits: AdmissionLimits = { memoryOvercommit: 4, memoryReserveMb: 256, diskReserveMb: 512 };

const codeOf = (work: () => void): HostErrorCode | "fine" => {
  try {
    work();
    return "fine";
  } catch (error) {
    if (error instanceof AgentError) return error.code;
    throw error;
  }
};

test.each([
  [{ vcpus: 8, memoryMb: 8_000, diskSizeMb: 1 }, "fine"],
  [{ vcpus: 0, memoryMb: 512, diskSizeMb: 1 }, "invalid_request"],
  [{ vcpus: 9, memoryMb: 512, diskSizeMb: 1 }, "invalid_request"],
  [{ vcpus: 1, memoryMb: 127, diskSizeMb: 1 }, "invalid_request"],
  [{ vcpus: 1, memoryMb: 8_001, diskSizeMb: 1 }, "invalid_request"],
  [{ vcpus: 1, memoryMb: 512, diskSizeMb: 0 }, "invalid_request"],
] as const)("size %o is %s", (size, code) => {
  expect(codeOf(() => checkSize(size, machine))).toBe(code);
});

test("no host takes more than 64 vcpus", () => {
  const size = { vcpus: 65, memoryMb: 512, diskSizeMb: 1 };
  expect(codeOf(() => checkSize(size, { ...machine, cpuCores: 128 }))).toBe("invalid_request");
});

test.each([
  // 4000 available - 256 reserved = 3744; a quarter of the nominal memory counts
  [{ memoryMb: 14_976, diskSizeMb: 1 }, 0, "fine"],
  [{ memoryMb: 14_980, diskSizeMb: 1 }, 0, "memory_full"],
  [{ memoryMb: 512, diskSizeMb: 1 }, 3_617, "memory_full"],
  [{ memoryMb: 512, diskSizeMb: 19_488 }, 0, "fine"],
  [{ memoryMb: 512, diskSizeMb: 19_489 }, 0, "disk_full"],
] as const)("room for %o beside %d promised: %s", (wanted, promisedMb, code) => {
  expect(codeOf(() => checkRoom(wanted, promisedMb, machine, limits))).toBe(code);
});

test("a promise holds until it is released", async () => {
  const admission = new Admission(async () => machine, limits);
  const wanted = { memoryMb: 8_000, diskSizeMb: 1 };
  const promise = await admission.reserve(wanted);
  expect(admission.reserve(wanted)).rejects.toThrow(/memory left/);
  promise[Symbol.dispose]();
  using _again = await admission.reserve(wanted);
});

test("what was only asked for takes nobody's room", async () => {
  const admission = new Admission(async () => machine, limits);
  const wanted = { memoryMb: 8_000, diskSizeMb: 1 };
  await admission.requireRoom(wanted);
  using _room = await admission.reserve(wanted);
  await expect(admission.requireRoom(wanted)).rejects.toThrow(/memory left/);
});
