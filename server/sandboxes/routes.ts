/** HTTP of sandboxes' lives: create, list, get, delete, pause, resume, ping, timeout, fork. */
import { Elysia, t } from "elysia";

import { KEY_OR_TEAM } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { pageOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import { createSandbox } from "./create.ts";
import { forkSandbox } from "./fork.ts";
import { requireSandbox } from "./host-calls.ts";
import { onceOnly } from "./idempotency.ts";
import {
  deleteSandbox,
  pauseSandbox,
  pingSandbox,
  resumeSandbox,
  setSandboxNetwork,
  setSandboxTimeout,
} from "./lifecycle.ts";
import { listPage, ListQuery } from "./list.ts";
import { presentSandbox, SandboxModel } from "./present.ts";
import {
  CreateBody,
  NetworkModel,
  sandboxIdOf,
  SandboxParams,
  TimeoutBody,
  toCreateRequest,
} from "./requests.ts";

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["sandboxes"],
  security: KEY_OR_TEAM,
});

/** What every operation on one sandbox may answer beside success. */
const OPERATION_ERRORS = [400, 401, 403, 404, 409, 502, 503, 504] as const;

export const sandboxRoutes = ({ guards, sandboxes }: Pick<Services, "guards" | "sandboxes">) =>
  new Elysia({ name: "sandboxes", prefix: "/v1/sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .post(
      "",
      async ({ caller, body, request, set }) => {
        const key = request.headers.get("idempotency-key");
        const wanted = toCreateRequest(body);
        const work = async () => presentSandbox(await createSandbox(sandboxes, caller, wanted));
        set.status = 201;
        return key === null
          ? work()
          : onceOnly(sandboxes, { teamId: caller.teamId, key, request: body }, work);
      },
      {
        body: CreateBody,
        headers: t.Object(
          {
            "idempotency-key": t.Optional(
              t.String({
                minLength: 1,
                maxLength: 255,
                description: "The same key with the same body within 24 hours gives the first answer again",
              }),
            ),
          },
          { additionalProperties: true },
        ),
        response: withErrors({ 201: SandboxModel }, [400, 401, 403, 404, 409, 413, 429, 502, 503, 504, 507]),
        detail: detail("createSandbox", "Create a sandbox; answers when it takes commands"),
      },
    )
    .get("", ({ caller, query }) => listPage(sandboxes, caller.teamId, query), {
      query: ListQuery,
      response: withErrors({ 200: pageOf(SandboxModel) }, [400, 401, 403]),
      detail: detail("listSandboxes", "List sandboxes, newest first"),
    })
    .get(
      "/:id",
      async ({ caller: { teamId }, params }) =>
        presentSandbox(await requireSandbox(sandboxes, { id: sandboxIdOf(params), teamId })),
      {
        params: SandboxParams,
        response: withErrors({ 200: SandboxModel }, [400, 401, 403, 404]),
        detail: detail("getSandbox", "Get one sandbox, in any status"),
      },
    )
    .delete(
      "/:id",
      async ({ caller, params }) =>
        presentSandbox(await deleteSandbox(sandboxes, caller, sandboxIdOf(params))),
      {
        params: SandboxParams,
        response: withErrors({ 200: SandboxModel }, [400, 401, 403, 404]),
        detail: detail("deleteSandbox", "Delete a sandbox in any status; its host follows"),
      },
    )
    .post(
      "/:id/pause",
      async ({ caller, params, body }) => {
        const wanted = { id: sandboxIdOf(params), keepMemory: body?.keep_memory ?? true };
        return presentSandbox(await pauseSandbox(sandboxes, caller, wanted));
      },
      {
        params: SandboxParams,
        body: t.Nullable(
          t.Object({
            keep_memory: t.Optional(t.Boolean({ default: true, description: "False keeps the disk alone" })),
          }),
        ),
        response: withErrors({ 200: SandboxModel }, [...OPERATION_ERRORS, 429, 507]),
        detail: detail("pauseSandbox", "Pause a running sandbox, memory and processes kept"),
      },
    )
    .post(
      "/:id/resume",
      async ({ caller, params, body }) => {
        const wanted = { id: sandboxIdOf(params), cold: body?.cold ?? false };
        return presentSandbox(await resumeSandbox(sandboxes, caller, wanted));
      },
      {
        params: SandboxParams,
        body: t.Nullable(
          t.Object({
            cold: t.Optional(
              t.Boolean({ default: false, description: "Boot from the disk, drop kept memory" }),
            ),
          }),
        ),
        response: withErrors({ 200: SandboxModel }, [...OPERATION_ERRORS, 507]),
        detail: detail("resumeSandbox", "Resume a paused sandbox"),
      },
    )
    .post(
      "/:id/ping",
      async ({ caller, params }) => presentSandbox(await pingSandbox(sandboxes, caller, sandboxIdOf(params))),
      {
        params: SandboxParams,
        response: withErrors({ 200: SandboxModel }, OPERATION_ERRORS),
        detail: detail("pingSandbox", "Count as activity: the timeout starts over"),
      },
    )
    .post(
      "/:id/timeout",
      async ({ caller, params, body }) => {
        const { timeout_sec: timeoutSec, on_timeout: onTimeout } = body;
        const wanted = { id: sandboxIdOf(params), timeoutSec, onTimeout };
        return presentSandbox(await setSandboxTimeout(sandboxes, caller, wanted));
      },
      {
        params: SandboxParams,
        body: TimeoutBody,
        response: withErrors({ 200: SandboxModel }, OPERATION_ERRORS),
        detail: detail("setSandboxTimeout", "Set a new timeout, counted from now"),
      },
    )
    .put(
      "/:id/network",
      async ({ caller, params, body }) => {
        const wanted = { id: sandboxIdOf(params), network: body };
        return presentSandbox(await setSandboxNetwork(sandboxes, caller, wanted));
      },
      {
        params: SandboxParams,
        body: NetworkModel,
        response: withErrors({ 200: SandboxModel }, OPERATION_ERRORS),
        detail: detail("setSandboxNetwork", "Replace the egress rules, live"),
      },
    )
    .post(
      "/:id/fork",
      async ({ caller, params, body, set }) => {
        const children = await forkSandbox(sandboxes, caller, {
          id: sandboxIdOf(params),
          count: body?.count ?? 1,
        });
        set.status = 201;
        return { items: children.map(presentSandbox) };
      },
      {
        params: SandboxParams,
        body: t.Nullable(
          t.Object({ count: t.Optional(t.Integer({ minimum: 1, maximum: 100, default: 1 })) }),
        ),
        response: withErrors({ 201: t.Object({ items: t.Array(SandboxModel) }) }, [
          ...OPERATION_ERRORS,
          429,
          507,
        ]),
        detail: detail("forkSandbox", "Copy a sandbox with its memory; a copy that failed is in `error`"),
      },
    );
