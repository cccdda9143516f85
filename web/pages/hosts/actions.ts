/** What can be done to a host from a list. */
import { ApiFailure } from "../../api/failure.ts";
import { askConfirm } from "../../components/confirm.ts";
import type { MenuEntry } from "../../components/menu.ts";
import {
  deleteHost,
  drainHost,
  type Host,
  previewDeletion,
  readHost,
  undrainHost,
} from "../../state/hosts.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { plural, shortId } from "../../text/format.ts";

const countSandboxes = (count: number): string => plural(count, "sandbox", "sandboxes");

/** Does it and tells why not, where it did not work. */
const telling = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    showFailure(error);
  }
};

const undrain = (host: Host): Promise<void> =>
  telling(async () => {
    await undrainHost(host);
    showToast(`${host.name} takes sandboxes again.`);
  });

const drain = (host: Host): Promise<void> =>
  telling(async () => {
    await drainHost(host, { pause: false });
    showToast(`${host.name} takes nothing new; what runs on it goes on.`, {
      action: { label: "Undo", run: () => void undrain({ ...host, draining: true }) },
    });
  });

const drainAndPause = (host: Host): Promise<void> =>
  telling(async () => {
    const { running } = (await readHost(host.id)).sandboxes;
    const agreed = await askConfirm({
      heading: `Drain ${host.name} and pause what runs?`,
      text: "It takes nothing new. What runs is paused with its memory, and stays on the host until it is resumed.",
      ends: [running === 0 ? "Nothing runs on it just now" : `${countSandboxes(running)} paused`],
      action: "Drain and pause",
    });
    if (!agreed) return;
    await drainHost(host, { pause: true });
    showToast(`${host.name} takes nothing new and pauses what runs on it.`);
  });

const hasSandboxes = (error: unknown): boolean =>
  error instanceof ApiFailure && error.code === "host_has_sandboxes";

/** Says what would end with it; again, when there is more by the time of the answer. */
const remove = (host: Host): Promise<void> =>
  telling(async () => {
    for (;;) {
      const doomed = await previewDeletion(host);
      const force = doomed.length > 0;
      const agreed = await askConfirm({
        heading: `Delete ${host.name}?`,
        text: force
          ? "These sandboxes end with it, with their memory and disks, for good. The machine itself stays as it is."
          : "There is no sandbox on it. Its agent stops working for this server; the machine stays as it is.",
        ends: doomed.map(shortId),
        action: force ? `Delete host and ${countSandboxes(doomed.length)}` : "Delete host",
        ...(force && { typed: host.name }),
      });
      if (!agreed) return;
      try {
        await deleteHost(host, { force });
        return showToast(`${host.name} is deleted.`);
      } catch (error) {
        if (!hasSandboxes(error)) throw error;
      }
    }
  });

export interface HostDialogs {
  /** What there is to know of it. */
  show(host: Host): void;
  /** A new token for it. */
  reissue(host: Host): void;
}

export const entriesFor = (host: Host, { show, reissue }: HostDialogs): readonly MenuEntry[] => {
  const turns: MenuEntry[] = host.draining
    ? [{ label: "Take sandboxes again", icon: "play", run: () => void undrain(host) }]
    : [
        { label: "Drain", icon: "out", run: () => void drain(host) },
        { label: "Drain and pause…", icon: "pause", run: () => void drainAndPause(host) },
      ];
  return [
    { label: "Details", icon: "list", run: () => show(host) },
    {
      label: "New token",
      icon: "key",
      ...(host.status === "online" && { reason: "It is online: its credentials work." }),
      run: () => reissue(host),
    },
    ...(host.status === "pending" ? [] : turns),
    "line",
    { label: "Delete…", icon: "trash", danger: true, run: () => void remove(host) },
  ];
};
