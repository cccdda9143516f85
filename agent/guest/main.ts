/** `wrenn-agent guest`: the process inside every sandbox that runs commands and moves files. */
import { parseArgs } from "node:util";

import { EMULATED_ENVIRONMENT } from "./protocol.ts";

/**
 * Bun without its JIT has no `bun:ffi`, which this program stands on. Should its environment have switched it
 * off, the process starts itself anew in its place with only the compiling tiers off; once, at boot.
 */
const restartWithFfi = (): void => {
  const { BUN_JSC_useJIT: jit, ...environment } = process.env;
  if (jit !== "0" && jit !== "false") return;
  const [, script, ...args] = process.argv;
  const own = Bun.isStandaloneExecutable || script === undefined ? args : [script, ...args];
  process.execve?.(process.execPath, [process.execPath, ...own], { ...environment, ...EMULATED_ENVIRONMENT });
};

/**
 * Runs the guest agent until the process ends. `--port N` and `--host-address A` (where /init may come
 * from) exist for tests. Throws for anything else.
 */
export const runGuest = async (args: string[]): Promise<void> => {
  restartWithFfi();
  const { values } = parseArgs({
    args,
    options: { port: { type: "string" }, "host-address": { type: "string" } },
  });
  const { DEFAULT_GUEST_OPTIONS, serveGuest } = await import("./serve.ts");
  const port = values.port === undefined ? DEFAULT_GUEST_OPTIONS.port : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be 0 to 65535, not '${values.port}'`);
  }
  await serveGuest({ port, hostAddress: values["host-address"] ?? DEFAULT_GUEST_OPTIONS.hostAddress });
};
