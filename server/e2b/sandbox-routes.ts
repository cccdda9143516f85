/** E2B's `/sandboxes` and `/v2/sandboxes`: create, list, get, kill. */
import type { Static } from "@sinclair/typebox";
import { Elysia, t } from "elysia";

import type { TeamCaller } from "../auth/context.ts";
import { createSandbox } from "../sandboxes/create.ts";
import { deleteSandbox } from "../sandboxes/lifecycle.ts";
import { DEFAULT_TIMEOUT_SEC } from "../sandboxes/requests.ts";
import type { Services } from "../services.ts";
import { templateNotFound } from "../templates/snapshots.ts";
import { detail } from "./detail.ts";
import { listPage, ListQuery, RunningQuery } from "./list.ts";
import { MAX_LIST, sendPage } from "./paging.ts";
import { presentDetail, presentSandbox } from "./present.ts";
import { CreateBody, SandboxParams, SHORT_TIMEOUT_SEC, toCreateRequest } from "./requests.ts";
import { ListedSandboxModel, SandboxDetailModel, SandboxModel, withE2bErrors } from "./schemas.ts";
import { requireLive, sandboxIdOf } from "./settled.ts";
import { parseTemplateRef } from "./template-ref.ts";
import { tidyBody } from "./tidy-body.ts";

const CREATE_ERRORS = [400, 404, 409, 413, 502, 503, 504, 507] as const;

type Deps = Pick<Services, "guards" | "sandboxes" | "e2b">;

export const e2bSandboxRoutes = ({ guards, sandboxes, e2b }: Deps) => {
  const create = async (caller: TeamCaller, body: Static<typeof CreateBody>, defaultTimeoutSec: number) => {
    const template = parseTemplateRef(body.templateID);
    if (!template) throw templateNotFound(body.templateID);
    const wanted = toCreateRequest(body, { template, defaultTimeoutSec });
    return presentSandbox(await createSandbox(sandboxes, caller, wanted), e2b);
  };
  return new Elysia({ name: "e2b-sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .onTransform(tidyBody)
    .post(
      "/sandboxes",
      ({ caller, body, set }) => {
        set.status = 201;
        return create(caller, body, SHORT_TIMEOUT_SEC);
      },
      {
        body: CreateBody,
        response: withE2bErrors({ 201: SandboxModel }, CREATE_ERRORS),
        detail: detail("CreateSandboxV1", `Create a sandbox that lasts ${SHORT_TIMEOUT_SEC} s if not told`),
      },
    )
    .post(
      "/v2/sandboxes",
      ({ caller, body, set }) => {
        set.status = 201;
        return create(caller, body, DEFAULT_TIMEOUT_SEC);
      },
      {
        body: CreateBody,
        response: withE2bErrors({ 201: SandboxModel }, CREATE_ERRORS),
        detail: detail("CreateSandbox", `Create a sandbox that lasts ${DEFAULT_TIMEOUT_SEC} s if not told`),
      },
    )
    .get(
      "/sandboxes",
      async ({ caller: { teamId }, query: { metadata } }) =>
        (await listPage(sandboxes, teamId, { metadata, state: "running", limit: MAX_LIST })).items,
      {
        query: RunningQuery,
        response: withE2bErrors({ 200: t.Array(ListedSandboxModel) }, [400]),
        detail: detail("ListRunningSandboxes", `List up to ${MAX_LIST} running sandboxes, newest first`),
      },
    )
    .get(
      "/v2/sandboxes",
      async ({ caller: { teamId }, query, set }) => sendPage(await listPage(sandboxes, teamId, query), set),
      {
        query: ListQuery,
        response: withE2bErrors({ 200: t.Array(ListedSandboxModel) }, [400]),
        detail: detail("ListSandboxes", "List sandboxes; `x-next-token` when there are more"),
      },
    )
    .get(
      "/sandboxes/:id",
      async ({ caller: { teamId }, params }) =>
        presentDetail(await requireLive(sandboxes, { id: sandboxIdOf(params), teamId }), e2b),
      {
        params: SandboxParams,
        response: withE2bErrors({ 200: SandboxDetailModel }, [404]),
        detail: detail("GetSandbox", "Get a sandbox"),
      },
    )
    .delete(
      "/sandboxes/:id",
      async ({ caller, params, set }) => {
        const id = sandboxIdOf(params);
        await requireLive(sandboxes, { id, teamId: caller.teamId });
        await deleteSandbox(sandboxes, caller, id);
        set.status = 204;
      },
      {
        params: SandboxParams,
        response: withE2bErrors({ 204: t.Void() }, [404]),
        detail: detail("KillSandbox", "Kill a sandbox"),
      },
    );
};
