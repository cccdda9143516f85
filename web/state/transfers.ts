/**
 * Uploads and downloads under way, one after the other, for as long as the dashboard is open: another page does not
 * end them.
 */
import { describeFailure } from "../api/failure.ts";
import { downloadFile, uploadFile } from "./files.ts";
import { Store } from "./store.ts";

export interface Transfer {
  id: number;
  sandboxId: string;
  kind: "upload" | "download";
  /** Of the file in the sandbox. */
  path: string;
  bytes: number;
  doneBytes: number;
  state: "waiting" | "running" | "done" | "failed" | "stopped";
  failure: string;
}

/** Waiting at once, of all sandboxes. */
const MOST = 500;
/** How often progress is told. */
const TELL_MS = 100;
/** Those that are over and still shown. */
const MOST_OVER = 20;

export const transfers = new Store<readonly Transfer[]>([]);
const works = new Map<number, { run: (signal: AbortSignal) => Promise<void>; abort: AbortController }>();
let lastId = 0;
let isRunning = false;

const isOver = ({ state }: Transfer): boolean => state !== "waiting" && state !== "running";

const change = (id: number, changes: Partial<Transfer>): void =>
  transfers.set(transfers.value.map((one) => (one.id === id ? { ...one, ...changes } : one)));

/** Tells of progress, not of every piece. */
const progressOf = (id: number): ((doneBytes: number) => void) => {
  let toldMs = 0;
  return (doneBytes) => {
    if (performance.now() - toldMs < TELL_MS) return;
    toldMs = performance.now();
    change(id, { doneBytes });
  };
};

const runAll = async (): Promise<void> => {
  if (isRunning) return;
  isRunning = true;
  try {
    for (;;) {
      const next = transfers.value.find(({ state }) => state === "waiting");
      if (next === undefined) return;
      await runOne(next);
    }
  } finally {
    isRunning = false;
  }
};

const runOne = async ({ id, bytes }: Transfer): Promise<void> => {
  const work = works.get(id);
  if (work === undefined) return change(id, { state: "stopped" });
  change(id, { state: "running" });
  try {
    await work.run(work.abort.signal);
    change(id, { state: "done", doneBytes: bytes });
  } catch (error) {
    const isStopped = work.abort.signal.aborted;
    change(id, isStopped ? { state: "stopped" } : { state: "failed", failure: describeFailure(error) });
  } finally {
    works.delete(id);
  }
};

/** Whether there is room for it. */
const add = (
  what: Pick<Transfer, "sandboxId" | "kind" | "path" | "bytes">,
  run: (signal: AbortSignal, onProgress: (doneBytes: number) => void) => Promise<void>,
): boolean => {
  const open = transfers.value.filter((one) => !isOver(one));
  if (open.length >= MOST) return false;
  lastId += 1;
  const id = lastId;
  works.set(id, { abort: new AbortController(), run: (signal) => run(signal, progressOf(id)) });
  const over = transfers.value.filter(isOver).slice(-MOST_OVER);
  transfers.set([...over, ...open, { ...what, id, doneBytes: 0, state: "waiting", failure: "" }]);
  void runAll();
  return true;
};

export const startUpload = (sandboxId: string, path: string, file: File): boolean =>
  add({ sandboxId, kind: "upload", path, bytes: file.size }, (signal, onProgress) =>
    uploadFile(sandboxId, path, file, { signal, onProgress }),
  );

/** @param save gives it to the person. */
export const startDownload = (
  sandboxId: string,
  { path, bytes }: { path: string; bytes: number },
  save: (blob: Blob) => void,
): boolean =>
  add({ sandboxId, kind: "download", path, bytes }, async (signal, onProgress) =>
    save(await downloadFile(sandboxId, path, { signal, onProgress })),
  );

export const stopTransfer = (id: number): void => {
  const work = works.get(id);
  work?.abort.abort();
  if (transfers.value.find((one) => one.id === id)?.state === "waiting") {
    works.delete(id);
    change(id, { state: "stopped" });
  }
};

/** Takes those that are over off the screen. */
export const forgetOver = (): void => transfers.set(transfers.value.filter((one) => !isOver(one)));
