/** What runs in a sandbox and what it says: processes, ports, logs. Read when asked for; no event tells of them. */
import { call } from "../api.ts";
import type { Answer, Item } from "../api/routes.ts";

export type SandboxProcess = Item<"GET /v1/sandboxes/:id/processes">;
export type SandboxPort = Item<"GET /v1/sandboxes/:id/ports">;
export type PreviewLink = Answer<"POST /v1/sandboxes/:id/preview-urls">;
export type Logs = Answer<"GET /v1/sandboxes/:id/logs">;

export const readProcesses = async (id: string): Promise<readonly SandboxProcess[]> =>
  (await call("GET /v1/sandboxes/:id/processes", { params: { id } })).items;

/** With its process group. */
export const killProcess = (id: string, pid: number): Promise<void> =>
  call("DELETE /v1/sandboxes/:id/processes/:pid", { params: { id, pid: String(pid) } });

export const readPorts = async (id: string): Promise<readonly SandboxPort[]> =>
  (await call("GET /v1/sandboxes/:id/ports", { params: { id } })).items;

export const createPreview = (id: string, port: number, ttlSec: number): Promise<PreviewLink> =>
  call("POST /v1/sandboxes/:id/preview-urls", { params: { id }, body: { port, ttl_sec: ttlSec } });

export const readLogs = (id: string): Promise<Logs> => call("GET /v1/sandboxes/:id/logs", { params: { id } });
