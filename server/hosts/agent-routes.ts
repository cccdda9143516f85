/** `/v1/hosts` for agents: register, refresh, beat. */
import { type Static } from "@sinclair/typebox";
import { Elysia, t } from "elysia";

import { ACCELERATORS } from "../../db/constants.ts";
import { isUuid, parseHostId, parseSandboxId } from "../../proto/ids.ts";
import { HOST, OPEN } from "../docs/security.ts";
import { forbidden } from "../errors.ts";
import { withErrors } from "../http/error-responses.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import type { Beat } from "./heartbeat-store.ts";
import { heartbeat, type HostChange } from "./heartbeat.ts";
import type { HostReport } from "./reconcile.ts";
import { refreshHost } from "./refresh.ts";
import { registerHost } from "./registration.ts";

const Secret = t.String({ pattern: "^[0-9a-f]{64}$" });
const Count = t.Integer({ minimum: 0, maximum: 2_147_483_647 });
const Address = t.String({ maxLength: 512, examples: ["http://127.0.0.1:7070"] });
const RuntimeId = t.String({ minLength: 1, maxLength: 512 });
const Version = t.String({ minLength: 1, maxLength: 100 });

const RegisterBody = t.Object({
  token: Secret,
  arch: t.String({ minLength: 1, maxLength: 50 }),
  cpu_cores: t.Integer({ minimum: 1, maximum: 100_000 }),
  memory_mb: t.Integer({ minimum: 1, maximum: 2_147_483_647 }),
  disk_gb: Count,
  address: Address,
  agent_version: Version,
  accelerator: wordOf(ACCELERATORS),
  runtime_id: RuntimeId,
  tls_cert: t.Optional(nullable(t.String({ maxLength: 16_384, description: "PEM" }))),
});

const CredentialsModel = t.Object({
  host_id: t.String(),
  token: t.String({ description: "Host JWT, 7 days" }),
  refresh_token: t.String({ description: "60 days, used once" }),
  server_public_key: t.Record(t.String(), t.Any(), { description: "JWK; signs the server's calls" }),
  instance_id: t.String(),
  unreachable_reason: t.String({
    description: "What keeps the server from calling the host back; empty when nothing does",
  }),
});

const Change = t.Object({
  seq: t.Integer({ minimum: 1 }),
  sandbox_id: t.String(),
  status: wordOf(["running", "paused", "ended"]),
  reason: t.String({ maxLength: 500 }),
  memory_kept: t.Boolean(),
  at: Timestamp,
});

/** More than any host has sandboxes; what is left out comes with the next beat. */
const MAX_CHANGES = 1_000;

const BeatBody = t.Object({
  free_memory_mb: Count,
  free_disk_mb: Count,
  running: Count,
  runtime_id: RuntimeId,
  address: Address,
  agent_version: Version,
  accelerator: wordOf(ACCELERATORS),
  templates: t.Array(t.Object({ team_id: t.String(), template_id: t.String() }), { maxItems: 10_000 }),
  building: t.Optional(
    t.Array(t.Object({ template_id: t.String(), progress: t.Number({ minimum: 0, maximum: 1 }) }), {
      maxItems: 100,
      description: "Built-in templates that it is making",
    }),
  ),
  changes: t.Array(Change, { maxItems: MAX_CHANGES }),
});

const toReport = (change: Static<typeof Change>): HostReport => {
  switch (change.status) {
    case "running":
      return { kind: "running" };
    case "paused":
      return { kind: "paused", memoryKept: change.memory_kept, reason: change.reason };
    case "ended":
      return { kind: "ended", reason: change.reason };
  }
};

const toChange = (change: Static<typeof Change>): HostChange => ({
  seq: change.seq,
  sandboxId: readId(parseSandboxId, "changes.sandbox_id", change.sandbox_id),
  report: toReport(change),
  at: new Date(change.at),
});

/** Each template once, as far as the last one says. */
const toBuilding = (told: { template_id: string; progress: number }[]): Beat["building"] => {
  const byId = new Map(told.map(({ template_id, progress }) => [template_id.toLowerCase(), progress]));
  return [...byId].flatMap(([templateId, progress]) => (isUuid(templateId) ? { templateId, progress } : []));
};

const detail = (operationId: string, summary: string, security = OPEN) => ({
  operationId,
  summary,
  tags: ["host agents"],
  security,
});

export const hostAgentRoutes = ({
  registration,
  guards,
  limits,
  monitor,
}: Pick<Services, "registration" | "guards" | "limits" | "monitor">) =>
  new Elysia({ name: "host-agents", prefix: "/v1/hosts", normalize: false })
    .post(
      "/register",
      async ({ body, request, set }) => {
        limits.link({ request, set });
        const credentials = await registerHost(registration, {
          token: body.token,
          arch: body.arch,
          cpuCores: body.cpu_cores,
          memoryMb: body.memory_mb,
          diskGb: body.disk_gb,
          address: body.address,
          tlsCert: body.tls_cert ?? null,
          agentVersion: body.agent_version,
          accelerator: body.accelerator,
          runtimeId: body.runtime_id,
        });
        return {
          host_id: credentials.hostId,
          token: credentials.token,
          refresh_token: credentials.refreshToken,
          server_public_key: { ...credentials.serverPublicKey },
          instance_id: credentials.instanceId,
          unreachable_reason: credentials.unreachableReason,
        };
      },
      {
        body: RegisterBody,
        response: withErrors({ 200: CredentialsModel }, [400, 401]),
        detail: detail("registerHost", "Join with a one-time token"),
      },
    )
    .post(
      "/auth/refresh",
      async ({ body, request, set }) => {
        limits.link({ request, set });
        const { token, refreshToken } = await refreshHost(registration, body.refresh_token);
        return { token, refresh_token: refreshToken };
      },
      {
        body: t.Object({ refresh_token: Secret }),
        response: withErrors(
          { 200: t.Object({ token: t.String(), refresh_token: t.String() }) },
          [400, 401, 410],
        ),
        detail: detail("refreshHost", "Exchange a refresh token; it works once"),
      },
    )
    .derive(guards.host)
    .post(
      "/:id/heartbeat",
      async ({ hostId, params, body }) => {
        if (readId(parseHostId, "id", params.id) !== hostId) {
          throw forbidden("This token belongs to another host.");
        }
        const changes = body.changes.map(toChange);
        const beat = {
          hostId,
          freeMemoryMb: body.free_memory_mb,
          freeDiskMb: body.free_disk_mb,
          runtimeId: body.runtime_id,
          address: body.address,
          agentVersion: body.agent_version,
          accelerator: body.accelerator,
          templateIds: body.templates.map(({ template_id }) => template_id).filter(isUuid),
          building: toBuilding(body.building ?? []),
        };
        const nudge = (id: string) => monitor.nudge(id);
        const acknowledgedSeq = await heartbeat({ ...registration, nudge }, beat, changes);
        return { acknowledged_seq: acknowledgedSeq, server_time: new Date().toISOString() };
      },
      {
        params: t.Object({ id: t.String({ description: "Host id" }) }),
        body: BeatBody,
        response: withErrors(
          { 200: t.Object({ acknowledged_seq: nullable(integer()), server_time: Timestamp }) },
          [400, 401, 403, 410],
        ),
        detail: detail("hostHeartbeat", "A host's sign of life and what it did by itself", HOST),
      },
    );
