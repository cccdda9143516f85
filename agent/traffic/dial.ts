/**
 * Connects to a port inside a sandbox, patiently: a server being restarted listens again in a moment, and
 * one bound to 127.0.0.1 is made reachable by the guest agent.
 */
import { createConnection } from "node:net";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { exposePort } from "../sandboxes/guest-client.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";

/** Waits before each new attempt after a refusal. */
const REDIAL_MS = [5, 60, 150];
const CONNECT_MS = 5_000;

/** Bun's fetch and sockets name a refused connection in one of these ways. */
const REFUSALS = new Set<unknown>(["ConnectionRefused", "ECONNREFUSED"]);

export const isRefused = (error: unknown): boolean =>
  error instanceof Error && "code" in error && REFUSALS.has(error.code);

/** Best effort: a guest agent that does not answer leaves the port as it is. */
const exposeLoopback = async (sandbox: Sandbox, port: number, signal: AbortSignal): Promise<void> => {
  const { journal, live } = sandbox;
  if (port === GUEST_PORT || journal?.state !== "running" || live === null) return;
  const guest = { address: live.slot.address, accessToken: journal.accessToken };
  await exposePort(guest, port, signal).catch(() => false);
};

/** Runs `connect` again after refusals, until `signal`; the last error is thrown. */
export const redialing = async <T>(
  sandbox: Sandbox,
  port: number,
  connect: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> => {
  for (const waitMs of REDIAL_MS) {
    try {
      return await connect();
    } catch (error) {
      if (!isRefused(error) || signal.aborted) throw error;
    }
    await exposeLoopback(sandbox, port, signal);
    await Bun.sleep(waitMs);
    // The sandbox may have left the slot meanwhile, and its address be another's.
    signal.throwIfAborted();
  }
  return connect();
};

/** Resolves when something listens there. For requests whose body can be sent only once. */
export const probe = (address: string, port: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ host: address, port, timeout: CONNECT_MS });
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      outcome();
    };
    const giveUp = () => settle(() => reject(signal.reason));
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("connect", () => settle(resolve));
    socket.once("error", (error) => settle(() => reject(error)));
    socket.once("timeout", () =>
      settle(() => reject(new Error(`no answer from port ${port} within ${CONNECT_MS} ms`))),
    );
    if (signal.aborted) giveUp();
  });
