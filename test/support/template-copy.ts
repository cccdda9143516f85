/** Copies a template from one agent to another as the server does, with a hand on what passes. */
import { create } from "@bufbuild/protobuf";

import {
  type ExportTemplateResponse,
  ExportTemplateResponseSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { encodeFrame } from "../../proto/template-frames.ts";
import type { TestAgent } from "./agent.ts";

export interface TemplateKey {
  teamId: string;
  templateId: string;
}

/** Every message of the import's body, the plan first; `names` without any: what is missing there. */
export async function* copyMessages(
  source: TestAgent,
  target: TestAgent,
  template: TemplateKey,
): AsyncGenerator<ExportTemplateResponse> {
  const { plan } = await source.host.listTemplateFiles({ template });
  if (plan === undefined) throw new Error("no plan");
  const { names } = await target.host.listMissingFiles({ template, plan });
  yield create(ExportTemplateResponseSchema, { part: { case: "plan", value: plan } });
  yield* source.host.exportTemplate({ template, names });
}

/** PUTs messages to the agent; its answer. */
export const importInto = async (
  target: TestAgent,
  { teamId, templateId }: TemplateKey,
  messages: AsyncIterable<ExportTemplateResponse>,
  signal?: AbortSignal,
): Promise<Response> => {
  const iterator = messages[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(encodeFrame(value));
      },
    },
    { highWaterMark: 0 },
  );
  return fetch(`${target.url}/templates/${teamId}/${templateId}/import`, {
    method: "PUT",
    headers: { authorization: `Bearer ${await target.token()}` },
    body,
    ...(signal === undefined ? {} : { signal }),
  });
};

export const copyTemplate = (
  source: TestAgent,
  target: TestAgent,
  template: TemplateKey,
): Promise<Response> => importInto(target, template, copyMessages(source, target, template));
