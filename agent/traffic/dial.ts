/** Connects to a port inside a sandbox, patiently: a server being restarted listens again in a moment. */
import { createConnection } from "node:net";

/** Waits before each new attempt after a refusal. */
export const REDIAL_MS = [20, 60, 150];
const CONNECT_MS = 5_000;

/** Bun's fetch and sockets name a refused connection in one of these ways. */
const REFUSALS = new Set<unknown>(["ConnectionRefused", "ECONNREFUSED"]);

export const isRefused = (error: unknown): boolean =>
  error instanceof Error && "code" in error && REFUSALS.has(error.code);

/** Runs `connect` again after refusals; the last error is thrown. */
export const redialing = async <T>(connect: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  for (const waitMs of REDIAL_MS) {
    try {
      return await connect();
    } catch (error) {
      if (!isRefused(error) || signal.aborted) throw error;
    }
    await Bun.sleep(waitMs);
  }
  return connect();
};

/** Resolves when something listens there. For requests whose body can be sent only once. */
export const probe = (address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ host: address, port, timeout: CONNECT_MS });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("timeout", () => {
      socket.destroy();
      reject(new Error(`no answer from port ${port} within ${CONNECT_MS} ms`));
    });
  });
