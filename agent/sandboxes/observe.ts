/** Looks into a running sandbox: load, listening ports, logs. */
import { open } from "node:fs/promises";

import { AgentError, describeError } from "../errors.ts";
import type { GuestMetrics } from "../guest/protocol.ts";
import type { Vm } from "../vm/runtime.ts";
import { parseMetrics, parsePorts } from "./guest-answers.ts";
import { getFromGuest } from "./guest-client.ts";
import type { Host } from "./host.ts";
import { sandboxFile } from "./launch.ts";
import type { Sandbox } from "./sandbox.ts";

const ANSWER_MS = 5_000;
const LOG_BYTES = 64 * 1024;
export const CONSOLE_FILE = "console.log";

const askGuest = async <T>(sandbox: Sandbox, path: string, parse: (answer: unknown) => T): Promise<T> => {
  const { journal, live } = sandbox.requireRunning();
  const guest = { address: live.slot.address, accessToken: journal.accessToken };
  try {
    return parse(await getFromGuest(guest, path, ANSWER_MS));
  } catch (cause) {
    throw new AgentError("guest_failed", `the guest agent of ${sandbox.id} did not answer GET ${path}`, {
      cause,
    });
  }
};

/** Throws `invalid_state`, `guest_failed`. */
export const readMetrics = (sandbox: Sandbox): Promise<GuestMetrics> =>
  askGuest(sandbox, "/metrics", parseMetrics);

/** Throws `invalid_state`, `guest_failed`. */
export const listPorts = (sandbox: Sandbox): Promise<number[]> => askGuest(sandbox, "/ports", parsePorts);

const tailOf = async (path: string): Promise<string> => {
  const handle = await open(path, "r").catch(() => null);
  if (handle === null) return "";
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, LOG_BYTES));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, Math.max(0, size - LOG_BYTES));
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await handle.close();
  }
};

/** The guest agent writes to the same console as the kernel. Of one at rest: what was printed before. */
export const readConsole = async (host: Host, sandboxId: string, vm: Vm | null): Promise<string> => {
  const earlier = await tailOf(sandboxFile(host, sandboxId, CONSOLE_FILE));
  const now = vm === null ? "" : await vm.console();
  return (earlier + now).slice(-LOG_BYTES);
};

/** Keeps what the console of a VM that is about to end has printed: best effort, it never fails. */
export const keepConsole = async (host: Host, sandboxId: string, vm: Vm): Promise<void> => {
  try {
    const text = await readConsole(host, sandboxId, vm);
    await Bun.write(sandboxFile(host, sandboxId, CONSOLE_FILE), text);
  } catch (error) {
    host.log.warn("console_not_kept", { sandbox: sandboxId, error: describeError(error) });
  }
};
