/** E2B's calls on a living sandbox: connect, timeout, pause, fork, network. */
import { Elysia, t } from "elysia";

import type { TeamCaller } from "../auth/context.ts";
import { extendTimeout } from "../sandboxes/extend.ts";
import { forkSandbox } from "../sandboxes/fork.ts";
import { pauseSandbox, resumeSandbox, setSandboxNetwork, setSandboxTimeout } from "../sandboxes/lifecycle.ts";
import { DEFAULT_TIMEOUT_SEC } from "../sandboxes/requests.ts";
import type { Services } from "../services.ts";
import { connectSandbox } from "./connect.ts";
import { detail, OPERATION_ERRORS } from "./detail.ts";
import { presentFork } from "./fork-result.ts";
import { toNetwork } from "./network.ts";
import { presentSandbox } from "./present.ts";
import { NetworkBody, SandboxParams, SHORT_TIMEOUT_SEC, TimeoutSec, toTimeoutSec } from "./requests.ts";
import { ForkResultModel, SandboxModel, withE2bErrors } from "./schemas.ts";
import { sandboxIdOf, settled } from "./settled.ts";
import { tidyBody } from "./tidy-body.ts";
import { refuseUnsupported } from "./unsupported-fields.ts";

const OPEN = { additionalProperties: true } as const;

const MAX_REFRESH_SEC = 3_600;

const Memory = t.Optional(
  t.Boolean({ default: true, description: "False: boot from the disk, drop kept memory" }),
);
const OptionalTimeout = t.Optional(TimeoutSec);

type Deps = Pick<Services, "guards" | "sandboxes" | "e2b">;

export const e2bLifecycleRoutes = ({ guards, sandboxes, e2b }: Deps) => {
  const connect = async (
    {
      caller,
      params,
      set,
    }: { caller: TeamCaller; params: { id: string }; set: { status?: number | string } },
    { timeout, memory }: { timeout: number; memory?: boolean },
  ) => {
    const wanted = { id: sandboxIdOf(params), timeoutSec: toTimeoutSec(timeout), cold: memory === false };
    const { sandbox, resumed } = await connectSandbox(sandboxes, caller, wanted);
    set.status = resumed ? 201 : 200;
    return presentSandbox(sandbox, e2b);
  };
  return new Elysia({ name: "e2b-lifecycle", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .onTransform(tidyBody)
    .post("/sandboxes/:id/connect", (context) => connect(context, context.body), {
      params: SandboxParams,
      body: t.Object({ timeout: TimeoutSec, memory: Memory }, OPEN),
      response: withE2bErrors({ 200: SandboxModel, 201: SandboxModel }, [...OPERATION_ERRORS, 507]),
      detail: detail("ConnectSandboxV1", "The same with a timeout that must be told"),
    })
    .post(
      "/v2/sandboxes/:id/connect",
      (context) => connect(context, { timeout: DEFAULT_TIMEOUT_SEC, ...context.body }),
      {
        params: SandboxParams,
        body: t.Object({ timeout: OptionalTimeout, memory: Memory }, OPEN),
        response: withE2bErrors({ 200: SandboxModel, 201: SandboxModel }, [...OPERATION_ERRORS, 507]),
        detail: detail(
          "ConnectSandbox",
          "Resume a paused sandbox (201); a running one lasts at least so long",
        ),
      },
    )
    .post(
      "/sandboxes/:id/resume",
      async ({ caller, params, body, set }) => {
        const id = sandboxIdOf(params);
        await settled(sandboxes, { id, teamId: caller.teamId }, ["pausing"]);
        const timeoutSec = toTimeoutSec(body.timeout ?? SHORT_TIMEOUT_SEC);
        const wanted = { id, timeoutSec, cold: body.memory === false };
        set.status = 201;
        return presentSandbox(await resumeSandbox(sandboxes, caller, wanted), e2b);
      },
      {
        params: SandboxParams,
        body: t.Object({ timeout: OptionalTimeout, memory: Memory }, OPEN),
        response: withE2bErrors({ 201: SandboxModel }, [...OPERATION_ERRORS, 507]),
        detail: detail("ResumeSandbox", "Resume a paused sandbox; 409 when it runs"),
      },
    )
    .post(
      "/sandboxes/:id/timeout",
      async ({ caller, params, body, set }) => {
        const id = sandboxIdOf(params);
        await settled(sandboxes, { id, teamId: caller.teamId });
        await setSandboxTimeout(sandboxes, caller, { id, timeoutSec: toTimeoutSec(body.timeout) });
        set.status = 204;
      },
      {
        params: SandboxParams,
        body: t.Object({ timeout: TimeoutSec }, OPEN),
        response: withE2bErrors({ 204: t.Void() }, OPERATION_ERRORS),
        detail: detail("SetSandboxTimeout", "Set when the sandbox ends, counted from now"),
      },
    )
    .post(
      "/sandboxes/:id/refreshes",
      async ({ caller, params, body, set }) => {
        const ref = { id: sandboxIdOf(params), teamId: caller.teamId };
        await settled(sandboxes, ref);
        await extendTimeout(sandboxes, ref, toTimeoutSec(body.duration ?? SHORT_TIMEOUT_SEC));
        set.status = 204;
      },
      {
        params: SandboxParams,
        body: t.Object({ duration: t.Optional(t.Integer({ minimum: 0, maximum: MAX_REFRESH_SEC })) }, OPEN),
        response: withE2bErrors({ 204: t.Void() }, OPERATION_ERRORS),
        detail: detail("RefreshSandbox", "Let a running sandbox last at least so long"),
      },
    )
    .post(
      "/sandboxes/:id/pause",
      async ({ caller, params, body, set }) => {
        const id = sandboxIdOf(params);
        await settled(sandboxes, { id, teamId: caller.teamId }, ["pending", "resuming"]);
        await pauseSandbox(sandboxes, caller, { id, keepMemory: body.memory ?? true });
        set.status = 204;
      },
      {
        params: SandboxParams,
        body: t.Object({ memory: Memory }, OPEN),
        response: withE2bErrors({ 204: t.Void() }, [...OPERATION_ERRORS, 507]),
        detail: detail("PauseSandbox", "Pause a sandbox; without memory a resume boots from the disk"),
      },
    )
    .post(
      "/sandboxes/:id/fork",
      async ({ caller, params, body, set }) => {
        const id = sandboxIdOf(params);
        await settled(sandboxes, { id, teamId: caller.teamId });
        const wanted = {
          id,
          count: body.count ?? 1,
          timeoutSec: toTimeoutSec(body.timeout ?? DEFAULT_TIMEOUT_SEC),
        };
        const children = await forkSandbox(sandboxes, caller, wanted);
        set.status = 201;
        return children.map((child) => presentFork(child, e2b));
      },
      {
        params: SandboxParams,
        body: t.Object(
          { count: t.Optional(t.Integer({ minimum: 1, maximum: 100 })), timeout: OptionalTimeout },
          OPEN,
        ),
        response: withE2bErrors({ 201: t.Array(ForkResultModel) }, [...OPERATION_ERRORS, 507]),
        detail: detail("ForkSandbox", "Copy a sandbox with its memory; the source goes on"),
      },
    )
    .put(
      "/sandboxes/:id/network",
      async ({ caller, params, body, set }) => {
        const id = sandboxIdOf(params);
        const { rules, egressProxy, ...egress } = body;
        refuseUnsupported({ rules, egressProxy });
        const network = toNetwork(egress);
        await settled(sandboxes, { id, teamId: caller.teamId });
        await setSandboxNetwork(sandboxes, caller, { id, network });
        set.status = 204;
      },
      {
        params: SandboxParams,
        body: NetworkBody,
        response: withE2bErrors({ 204: t.Void() }, OPERATION_ERRORS),
        detail: detail("UpdateSandboxNetwork", "Replace the egress rules, live; what is left out is cleared"),
      },
    );
};
