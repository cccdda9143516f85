/** Cold boots: each has a deadline and further tries, as an emulated boot may hang now and then. */
import { describeError } from "../errors.ts";
import type { NetworkSlot } from "../net/slots.ts";
import type { Vm } from "../vm/runtime.ts";
import { waitHealthy } from "./guest-client.ts";
import type { Host } from "./host.ts";
import { bootMachine, type Machine } from "./launch.ts";

const ATTEMPTS = 3;
/** All tries together, in deadlines of the first. */
export const BOOT_DEADLINES = 2 ** ATTEMPTS - 1;
/** Last characters of the console, for the log. */
const CONSOLE_SHOWN = 2_000;

/** The guest agent answers when this resolves. Throws `guest_failed` after the last try; no VM is left. */
export const bootUntilHealthy = async (
  host: Host,
  machine: Machine,
  slot: NetworkSlot,
  signal: AbortSignal,
): Promise<Vm> => {
  for (let attempt = 1; ; attempt++) {
    const vm = await bootMachine(host, machine, slot);
    const dead = new AbortController();
    void vm.exited.then(() => dead.abort());
    try {
      // Twice the time for each further try: the machine may hang, or be slow because the host is busy.
      const deadline = AbortSignal.timeout(host.settings.bootMs * 2 ** (attempt - 1));
      await waitHealthy(slot.address, AbortSignal.any([signal, deadline, dead.signal]));
      return vm;
    } catch (error) {
      const console = (await vm.console().catch(() => "")).slice(-CONSOLE_SHOWN);
      await vm.kill();
      const sandbox = machine.sandboxId;
      host.log.warn("boot_failed", { sandbox, attempt, error: describeError(error), console });
      if (attempt === ATTEMPTS || signal.aborted) throw error;
    }
  }
};
