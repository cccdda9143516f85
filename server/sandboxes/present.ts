/** A sandbox as the API shows it. */
import { type Static, t } from "elysia";

import { SANDBOX_STATUSES, TIMEOUT_ACTIONS } from "../../db/constants.ts";
import { formatHostId, formatSandboxId } from "../../proto/ids.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import type { ListedSandbox } from "./sandbox.ts";

export const SandboxModel = t.Object(
  {
    id: t.String({ examples: ["sb-01990000-0000-7000-8000-000000000000"] }),
    template: t.String({ description: "Name of the template it was created from" }),
    status: wordOf(SANDBOX_STATUSES),
    status_reason: t.String({
      description:
        "Why it is as it is: `deleted`, `timeout`, `vm_died`, `oom`, `lost_on_host`, … Empty when there is nothing to say",
    }),
    vcpus: integer(),
    memory_mb: integer(),
    disk_size_mb: integer(),
    timeout_sec: integer({ description: "Seconds without activity until `on_timeout`; 0 = never" }),
    on_timeout: wordOf(TIMEOUT_ACTIONS),
    expires_at: nullable(Timestamp),
    auto_resume: t.Boolean({ description: "Traffic resumes it when it is paused" }),
    memory_kept: t.Boolean({
      description: "While paused: a resume goes on where it was; otherwise it boots from its disk",
    }),
    network: t.Object({
      allow_internet: t.Boolean(),
      allow_cidrs: t.Array(t.String()),
      deny_cidrs: t.Array(t.String()),
      allow_domains: t.Array(t.String()),
    }),
    metadata: t.Record(t.String(), t.String()),
    host_id: nullable(t.String()),
    started_at: nullable(Timestamp),
    paused_at: nullable(Timestamp),
    last_active_at: nullable(Timestamp),
    created_at: Timestamp,
  },
  { title: "Sandbox" },
);

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

export const presentSandbox = (sandbox: ListedSandbox): Static<typeof SandboxModel> => ({
  id: formatSandboxId(sandbox.id),
  template: sandbox.templateName,
  status: sandbox.status,
  status_reason: sandbox.statusReason,
  vcpus: sandbox.vcpus,
  memory_mb: sandbox.memoryMb,
  disk_size_mb: sandbox.diskSizeMb,
  timeout_sec: sandbox.timeoutSec,
  on_timeout: sandbox.onTimeout,
  expires_at: time(sandbox.expiresAt),
  auto_resume: sandbox.autoResume,
  memory_kept: sandbox.memoryKept,
  network: {
    allow_internet: sandbox.network.allow_internet ?? true,
    allow_cidrs: sandbox.network.allow_cidrs ?? [],
    deny_cidrs: sandbox.network.deny_cidrs ?? [],
    allow_domains: sandbox.network.allow_domains ?? [],
  },
  metadata: sandbox.metadata,
  host_id: sandbox.hostId === null ? null : formatHostId(sandbox.hostId),
  started_at: time(sandbox.startedAt),
  paused_at: time(sandbox.pausedAt),
  last_active_at: time(sandbox.lastActiveAt),
  created_at: sandbox.createdAt.toISOString(),
});
