/** `PUT /templates/{team_id}/{template_id}/import`: another host's template, streamed through the server. */
import { create } from "@bufbuild/protobuf";

import { type ExportTemplateResponse, TemplateRefSchema } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { HOST_ERROR_HEADER, type HostErrorCode } from "../../proto/host-errors.ts";
import { decodeFrames } from "../../proto/template-frames.ts";
import { describeError, invalidRequest } from "../errors.ts";
import { asAgentError } from "../sandboxes/error-names.ts";
import type { Host } from "../sandboxes/host.ts";
import { importTemplate } from "../sandboxes/import-template.ts";
import type { CallTokenVerifier } from "./call-token.ts";
import { decodeTemplate } from "./decode.ts";
import { decodeExported, decodePlan } from "./template-messages.ts";

export const TEMPLATES_PREFIX = "/templates/";

const PATH = /^\/templates\/([^/]+)\/([^/]+)\/import$/;

/** Of the codes an import ends with; the rest are the host's own failures. */
const STATUSES: Partial<Record<HostErrorCode, number>> = {
  invalid_request: 400,
  template_not_found: 404,
  runtime_mismatch: 409,
  template_exists: 409,
  snapshot_refused: 409,
  busy: 503,
  draining: 503,
  disk_full: 507,
};

const refuse = (host: Host, thrown: unknown, templateId: string): Response => {
  const error = asAgentError(thrown);
  host.log.warn("import_failed", { template: templateId, error: describeError(thrown) });
  const status = error === null ? 500 : (STATUSES[error.code] ?? 500);
  const message = error?.message ?? "the copy broke; the host's log says why";
  const headers: Record<string, string> = error === null ? {} : { [HOST_ERROR_HEADER]: error.code };
  return Response.json({ code: status, message }, { status, headers });
};

/** The plan comes first; what follows is read only when it is acceptable. */
const takePlan = async (messages: AsyncGenerator<ExportTemplateResponse>) => {
  const first = await messages.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.case !== "plan") throw invalidRequest("plan", "must come before anything else");
  return decodePlan(part.value);
};

const receive = async (host: Host, request: Request, ids: { teamId: string; templateId: string }) => {
  const key = decodeTemplate(create(TemplateRefSchema, ids));
  if (request.body === null) throw invalidRequest("body", "must hold the template");
  const messages = decodeFrames(request.body);
  const plan = await takePlan(messages);
  const content = decodeExported(messages);
  return await importTemplate(host, key, { plan, content, signal: request.signal });
};

export const createImportHandler =
  (host: Host, tokens: CallTokenVerifier) =>
  async (request: Request): Promise<Response> => {
    try {
      await tokens.verify(request.headers.get("authorization"));
    } catch (error) {
      host.log.warn("import_unauthenticated", { error: describeError(error) });
      return Response.json(
        { code: 401, message: "this call needs a token signed by the host's server" },
        { status: 401 },
      );
    }
    const [, teamId, templateId] = PATH.exec(new URL(request.url).pathname) ?? [];
    if (request.method !== "PUT" || teamId === undefined || templateId === undefined) {
      return Response.json({ code: 404, message: "not found" }, { status: 404 });
    }
    try {
      const { manifest } = await receive(host, request, { teamId, templateId });
      return Response.json({ name: manifest.name, runtime_id: manifest.runtimeId });
    } catch (thrown) {
      return refuse(host, thrown, templateId);
    }
  };
