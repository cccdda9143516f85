/** Answers on E2B's wire: names and types are theirs. */
import type { TSchema } from "@sinclair/typebox";
import { t } from "elysia";

import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import { STATES } from "./states.ts";

export const E2bError = t.Object(
  { code: integer({ description: "The HTTP status" }), message: t.String() },
  { title: "E2bError" },
);

type WithErrors<T, S extends readonly number[]> = T & Record<S[number], typeof E2bError>;

/** `success` by status, the common error body for each of `statuses` and for those every route has. */
export const withE2bErrors = <T extends Record<number, TSchema>, const S extends readonly number[]>(
  success: T,
  statuses: S,
): WithErrors<T, S> => {
  const all = [...statuses, 401, 403, 429];
  return { ...success, ...Object.fromEntries(all.map((status) => [status, E2bError])) };
};

const Hex = t.String({ description: "32 hex digits", examples: ["01990000000070008000000000000000"] });

/** What a client needs to reach the sandbox. */
export const SandboxModel = t.Object(
  {
    sandboxID: Hex,
    templateID: Hex,
    alias: t.String({ description: "Name of the template" }),
    clientID: t.String(),
    envdVersion: t.String(),
    envdAccessToken: t.String(),
    trafficAccessToken: nullable(t.String({ description: "Opens ports that are not public; null: all are" })),
    domain: nullable(t.String()),
  },
  { title: "E2bSandbox" },
);

const listed = {
  sandboxID: Hex,
  templateID: Hex,
  alias: t.String(),
  clientID: t.String(),
  startedAt: Timestamp,
  endAt: Timestamp,
  state: wordOf(STATES),
  cpuCount: integer(),
  memoryMB: integer(),
  diskSizeMB: integer(),
  envdVersion: t.String(),
  metadata: t.Record(t.String(), t.String()),
  volumeMounts: t.Array(t.Object({})),
};

export const ListedSandboxModel = t.Object(listed, { title: "E2bListedSandbox" });

export const SandboxDetailModel = t.Object(
  {
    ...listed,
    domain: nullable(t.String()),
    allowInternetAccess: t.Boolean(),
    network: t.Object({
      allowOut: t.Array(t.String()),
      denyOut: t.Array(t.String()),
      allowPublicTraffic: t.Boolean(),
    }),
    lifecycle: t.Object({ onTimeout: wordOf(["pause", "kill"]), autoResume: t.Boolean() }),
  },
  { title: "E2bSandboxDetail" },
);

export const ForkResultModel = t.Object(
  { sandbox: t.Optional(SandboxModel), error: t.Optional(E2bError) },
  { title: "E2bForkResult", description: "Either" },
);

const Bytes = integer({ description: "Bytes" });

export const MetricModel = t.Object(
  {
    timestamp: Timestamp,
    timestampUnix: integer({ description: "Seconds" }),
    cpuCount: integer(),
    cpuUsedPct: t.Number(),
    memUsed: Bytes,
    memTotal: Bytes,
    memCache: Bytes,
    diskUsed: Bytes,
    diskTotal: Bytes,
  },
  { title: "E2bMetric" },
);

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export const LogEntryModel = t.Object(
  {
    timestamp: Timestamp,
    level: wordOf(LOG_LEVELS),
    message: t.String(),
    fields: t.Record(t.String(), t.String()),
  },
  { title: "E2bLogEntry" },
);

export const SnapshotModel = t.Object(
  { snapshotID: Hex, names: t.Array(t.String({ description: "`slug/name:default`" })) },
  { title: "E2bSnapshot" },
);

export const TemplateModel = t.Object(
  {
    templateID: Hex,
    buildID: t.String(),
    buildStatus: wordOf(["building", "waiting", "ready", "error"]),
    buildCount: integer(),
    public: t.Boolean({ description: "Of the platform" }),
    aliases: t.Array(t.String()),
    names: t.Array(t.String()),
    cpuCount: integer(),
    memoryMB: integer(),
    diskSizeMB: integer(),
    envdVersion: t.String(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    createdBy: t.Null(),
    lastSpawnedAt: nullable(Timestamp),
    spawnCount: integer({ description: "Sandboxes of this team made from it in the last 30 days" }),
  },
  { title: "E2bTemplate" },
);
