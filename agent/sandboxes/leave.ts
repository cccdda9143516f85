/** An orderly stop with everything paused: nothing of this agent stays behind in the machine but files. */
import { detachUnder } from "../images/loop-device.ts";
import { endStrays } from "../vm/strays.ts";
import type { Host } from "./host.ts";
import { pauseAll } from "./pause-all.ts";
import { hasLiveSetAside, setAsideDirectories } from "./set-aside.ts";

/** Operations under way get this long to end. */
const SETTLE_MS = 30_000;

/** Resolves when no sandbox has an operation under way or waiting, or when the time is up. */
const settle = async (host: Host): Promise<void> => {
  const waits = [...host.sandboxes.values()].map((sandbox) => sandbox.exclusively("stop", async () => {}));
  await Promise.race([Promise.allSettled(waits), Bun.sleep(SETTLE_MS)]);
};

/** Sandboxes that could not be paused go on, with all they need. */
export const leaveMachine = async (host: Host): Promise<void> => {
  await settle(host);
  await pauseAll(host, { reason: "host_stopped", tell: true });
  const live = [...host.sandboxes.values()].flatMap((sandbox) => sandbox.live ?? []);
  // A template being made has a machine that no journal speaks for.
  await endStrays({
    root: host.layout.root,
    keepPids: new Set(live.map(({ vm }) => vm.record.pid)),
    keepUnder: setAsideDirectories(host),
  });
  if (live.length > 0 || hasLiveSetAside(host)) return;
  await host.slots.destroy();
  await detachUnder(host.layout.root);
};
