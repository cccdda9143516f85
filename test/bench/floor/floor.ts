/** All VMs of the floor in one run of the bench: made here, so that none outlives it. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";

import { removeNetwork } from "./steps.ts";
import type { FloorTemplate } from "./template.ts";
import { FloorVm } from "./vm.ts";

const NAMESPACES = "/run/netns";
const NAME_PREFIX = "wrenn-floor-";

export class Floor {
  readonly #template: FloorTemplate;
  readonly #directory: string;
  readonly #vms = new Set<FloorVm>();
  #made = 0;

  constructor(template: FloorTemplate, directory: string) {
    this.#template = template;
    this.#directory = directory;
  }

  /** A VM that has not been started. */
  newVm(): FloorVm {
    const index = this.#made++;
    const vm = new FloorVm(this.#template, {
      name: `${NAME_PREFIX}${process.pid}-${index}`,
      parent: this.#directory,
      index,
    });
    this.#vms.add(vm);
    return vm;
  }

  async remove(vm: FloorVm): Promise<void> {
    await vm.end();
    vm.removeFiles();
    this.#vms.delete(vm);
  }

  /** Whatever is left, also of a repetition that failed half-way. */
  async removeAll(): Promise<void> {
    for (const vm of this.#vms) await this.remove(vm);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Ends what an earlier bench left behind that was killed. */
export const removeFloorLeftovers = (): void => {
  const isLeft = (name: string): boolean => {
    const [pid] = name.startsWith(NAME_PREFIX) ? name.slice(NAME_PREFIX.length).split("-") : [];
    return pid !== undefined && !processes.includes(pid);
  };
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  // A machine that never had a network namespace has no such directory.
  const namespaces = existsSync(NAMESPACES) ? readdirSync(NAMESPACES).filter(isLeft) : [];
  for (const pid of processes) {
    if (namespaces.some((name) => commandLineOf(pid).includes(`\0-name\0${name}\0`))) {
      process.kill(Number(pid), "SIGKILL");
    }
  }
  for (const name of namespaces) removeNetwork(name);
};

const commandLineOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};
