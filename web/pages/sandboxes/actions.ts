/** What can be done to a sandbox from a list, to one or to several. */
import { askValue } from "../../components/ask.ts";
import { askConfirm } from "../../components/confirm.ts";
import type { MenuEntry } from "../../components/menu.ts";
import {
  deleteSandbox,
  forkSandbox,
  hasEnded,
  pauseSandbox,
  resumeSandbox,
  type Sandbox,
  snapshotSandbox,
} from "../../state/sandboxes.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { plural, shortId } from "../../text/format.ts";

const MOST_FORKS = 100;
/** Requests to the server at once, of one press of a button. */
const AT_ONCE = 4;

const countSandboxes = (count: number): string => plural(count, "sandbox", "sandboxes");

/** Does it to each, a few at once; tells of the first that failed. */
const forEach = async (
  sandboxes: readonly Sandbox[],
  work: (id: string) => Promise<unknown>,
): Promise<number> => {
  const failures: unknown[] = [];
  const waiting = [...sandboxes];
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await work(next.id).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  if (failures.length > 0) showFailure(failures[0]);
  return sandboxes.length - failures.length;
};

const withStatus = (sandboxes: readonly Sandbox[], status: Sandbox["status"]): readonly Sandbox[] =>
  sandboxes.filter((sandbox) => sandbox.status === status);

export const pauseAll = async (sandboxes: readonly Sandbox[]): Promise<void> => {
  const done = await forEach(withStatus(sandboxes, "running"), pauseSandbox);
  if (done > 0) showToast(`${countSandboxes(done)} paused.`);
};

export const resumeAll = async (sandboxes: readonly Sandbox[]): Promise<void> => {
  const done = await forEach(withStatus(sandboxes, "paused"), (id) => resumeSandbox(id));
  if (done > 0) showToast(`${countSandboxes(done)} resumed.`);
};

const describeEnd = ({ id, template, status }: Sandbox): string =>
  `${shortId(id)} from ${template}, ${status === "paused" ? "with its memory and disk" : "with all that runs in it"}`;

/** Resolves to whether the person went through with it. */
export const deleteAll = async (sandboxes: readonly Sandbox[]): Promise<boolean> => {
  const doomed = sandboxes.filter((sandbox) => !hasEnded(sandbox));
  const [first] = doomed;
  if (first === undefined) return false;
  const isOne = doomed.length === 1;
  const agreed = await askConfirm({
    heading: isOne ? `Delete ${shortId(first.id)}?` : `Delete ${countSandboxes(doomed.length)}?`,
    text: "What runs is ended and its disk is gone for good. Snapshots made of it stay.",
    ends: doomed.map(describeEnd),
    action: isOne ? "Delete sandbox" : `Delete ${countSandboxes(doomed.length)}`,
  });
  if (!agreed) return false;
  const done = await forEach(doomed, deleteSandbox);
  if (done > 0) showToast(`${countSandboxes(done)} deleted.`);
  return true;
};

/** Boots a paused one from its disk, though its memory was kept. */
export const askColdStart = async ({ id }: Sandbox): Promise<void> => {
  const agreed = await askConfirm({
    heading: `Start ${shortId(id)} from its disk?`,
    text: "It boots anew. What was kept of its memory is dropped; its files stay.",
    ends: ["Every process that was running when it was paused"],
    action: "Start from disk",
  });
  if (!agreed) return;
  await resumeSandbox(id, { cold: true }).then(() => showToast(`${shortId(id)} started anew.`), showFailure);
};

export const askSnapshot = ({ id }: Sandbox): void =>
  askValue({
    heading: `Make a snapshot of ${shortId(id)}`,
    label: "Name",
    hint: "Letters, digits, dots and hyphens. Left empty, it gets a name. The sandbox goes on as it was.",
    action: "Make snapshot",
    run: async (name) => {
      const template = await snapshotSandbox(id, name);
      showToast(`Snapshot ${template.name} is there: sandboxes can start from it.`);
    },
  });

export const askFork = ({ id }: Sandbox): void =>
  askValue({
    heading: `Fork ${shortId(id)}`,
    label: "Copies",
    type: "number",
    value: "1",
    hint: "Each is a sandbox of its own, with memory and processes as they are now.",
    action: "Fork",
    check: (text) =>
      /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_FORKS
        ? ""
        : `Type a number from 1 to ${MOST_FORKS}.`,
    run: async (text) => {
      const copies = await forkSandbox(id, Number(text));
      const failed = withStatus(copies, "error").length;
      showToast(
        failed === 0
          ? `${countSandboxes(copies.length)} forked.`
          : `${countSandboxes(failed)} of ${copies.length} failed.`,
        { kind: failed === 0 ? "done" : "failed" },
      );
    },
  });

/** @param launchLike opens the launch dialog for one of the same kind. */
export const entriesFor = (
  sandbox: Sandbox,
  launchLike: (sandbox: Sandbox) => void,
): readonly MenuEntry[] => {
  const again: MenuEntry = { label: "Launch another like it", icon: "plus", run: () => launchLike(sandbox) };
  if (hasEnded(sandbox)) return [again];
  const remove: MenuEntry = {
    label: "Delete…",
    icon: "trash",
    danger: true,
    run: () => void deleteAll([sandbox]),
  };
  const { status } = sandbox;
  if (status !== "running" && status !== "paused") return [again, "line", remove];
  const turn: MenuEntry =
    status === "running"
      ? { label: "Pause", icon: "pause", run: () => void pauseAll([sandbox]) }
      : { label: "Resume", icon: "play", run: () => void resumeAll([sandbox]) };
  const cold: MenuEntry = {
    label: "Start from its disk…",
    icon: "refresh",
    run: () => void askColdStart(sandbox),
  };
  return [
    turn,
    ...(status === "paused" && sandbox.memory_kept ? [cold] : []),
    { label: "Snapshot…", icon: "camera", run: () => askSnapshot(sandbox) },
    { label: "Fork…", icon: "fork", run: () => askFork(sandbox) },
    again,
    "line",
    remove,
  ];
};
