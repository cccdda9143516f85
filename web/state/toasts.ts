/** Short messages in the corner: what was done, or why not. */
import { describeFailure } from "../api/failure.ts";
import { Store } from "./store.ts";

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "failed" | "hint";
  action: { label: string; run: () => void } | null;
}

/** More at once nobody reads. */
const MOST = 4;
const DONE_MS = 5_000;
/** Bad news stays long enough to be read twice. */
const FAILED_MS = 12_000;

export const toasts = new Store<readonly Toast[]>([]);
let lastId = 0;

export const dismissToast = (id: number): void => toasts.set(toasts.value.filter((toast) => toast.id !== id));

export const showToast = (text: string, options: Partial<Pick<Toast, "kind" | "action">> = {}): void => {
  const { kind = "done", action = null } = options;
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.value, { id, text, kind, action }].slice(-MOST));
  setTimeout(() => dismissToast(id), kind === "done" ? DONE_MS : FAILED_MS);
};

export const showFailure = (error: unknown): void => showToast(describeFailure(error), { kind: "failed" });
