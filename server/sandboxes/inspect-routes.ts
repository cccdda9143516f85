/** `/v1/sandboxes/{id}/logs`, `/ports`, `/processes`. */
import { Elysia, t } from "elysia";

import { KEY_OR_TEAM } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { integer, nullable } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import { killProcess, listPorts, listProcesses, readLogs } from "./inspect.ts";
import { sandboxIdOf, SandboxParams } from "./requests.ts";

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["sandboxes"],
  security: KEY_OR_TEAM,
});

const ERRORS = [400, 401, 403, 404, 409, 502, 503, 504] as const;

const ProcessModel = t.Object(
  { pid: integer(), cmd: t.String(), args: t.Array(t.String()), tag: nullable(t.String()) },
  { title: "Process" },
);

/** Logs may hold what files hold, so a read-only key does not open them. */
export const logRoutes = ({ guards, sandboxes }: Pick<Services, "guards" | "sandboxes">) =>
  new Elysia({ name: "sandbox-logs", prefix: "/v1/sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"], readable: false }))
    .get(
      "/:id/logs",
      async ({ caller, params }) => {
        const { console, guestAgent } = await readLogs(sandboxes, caller, sandboxIdOf(params));
        return { console, guest_agent: guestAgent };
      },
      {
        params: SandboxParams,
        response: withErrors({ 200: t.Object({ console: t.String(), guest_agent: t.String() }) }, ERRORS),
        detail: detail("getSandboxLogs", "Last 64 KB of the serial console and of the guest agent's log"),
      },
    );

export const inspectRoutes = ({
  guards,
  sandboxes,
  guests,
}: Pick<Services, "guards" | "sandboxes" | "guests">) =>
  new Elysia({ name: "sandbox-inspection", prefix: "/v1/sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .get(
      "/:id/ports",
      async ({ caller, params }) => {
        const ports = await listPorts(sandboxes, caller, sandboxIdOf(params));
        return { items: ports.map((port) => ({ port })) };
      },
      {
        params: SandboxParams,
        response: withErrors({ 200: t.Object({ items: t.Array(t.Object({ port: integer() })) }) }, ERRORS),
        detail: detail("listSandboxPorts", "TCP ports something in the sandbox listens on"),
      },
    )
    .get(
      "/:id/processes",
      async ({ caller, params }) => ({
        items: await listProcesses({ sandboxes, guests }, caller, sandboxIdOf(params)),
      }),
      {
        params: SandboxParams,
        response: withErrors({ 200: t.Object({ items: t.Array(ProcessModel) }) }, ERRORS),
        detail: detail("listProcesses", "Processes started through the API that still run"),
      },
    )
    .delete(
      "/:id/processes/:pid",
      async ({ caller, params, set }) => {
        await killProcess({ sandboxes, guests }, caller, { id: sandboxIdOf(params), pid: params.pid });
        set.status = 204;
      },
      {
        params: t.Object({ ...SandboxParams.properties, pid: t.Integer({ minimum: 1, maximum: 4_194_304 }) }),
        response: withErrors({ 204: t.Void() }, ERRORS),
        detail: detail("killProcess", "Kill a process with its group"),
      },
    );
