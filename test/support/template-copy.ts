/** Copies a template from one agent to another as the server does, with a hand on what passes. */
import { create } from "@bufbuild/protobuf";

import {
  type ExportPlan,
  type ExportTemplateResponse,
  ExportTemplateResponseSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { encodeFrame } from "../../proto/template-frames.ts";
import type { TestAgent } from "./agent.ts";

export interface TemplateKey {
  teamId: string;
  templateId: string;
}

export const planMessage = (plan: ExportPlan): ExportTemplateResponse =>
  create(ExportTemplateResponseSchema, { part: { case: "plan", value: plan } });

export const readPlan = async (source: TestAgent, template: TemplateKey): Promise<ExportPlan> => {
  const { plan } = await source.host.listTemplateFiles({ template });
  if (plan === undefined) throw new Error("the agent gave no plan");
  return plan;
};

/** Every message of the import's body, the plan first. */
export async function* copyMessages(
  source: TestAgent,
  target: TestAgent,
  template: TemplateKey,
): AsyncGenerator<ExportTemplateResponse> {
  const plan = await readPlan(source, template);
  const { names } = await target.host.listMissingFiles({ template, plan });
  yield planMessage(plan);
  const stop = new AbortController();
  try {
    yield* source.host.exportTemplate({ template, names }, { signal: stop.signal });
  } finally {
    stop.abort();
  }
}

/** PUTs messages to the agent; its answer. */
export const importInto = async (
  target: TestAgent,
  { teamId, templateId }: TemplateKey,
  messages: AsyncIterable<ExportTemplateResponse>,
  options: { signal?: AbortSignal; token?: string } = {},
): Promise<Response> => {
  const iterator = messages[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(encodeFrame(value));
      },
      cancel: async () => void (await iterator.return?.()),
    },
    { highWaterMark: 0 },
  );
  return fetch(`${target.url}/templates/${teamId}/${templateId}/import`, {
    method: "PUT",
    headers: { authorization: `Bearer ${options.token ?? (await target.token())}` },
    body,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
};

export const copyTemplate = (
  source: TestAgent,
  target: TestAgent,
  template: TemplateKey,
): Promise<Response> => importInto(target, template, copyMessages(source, target, template));

/** Stops in front of the first piece of the memory, the last file, until it is opened. */
export class Gate {
  readonly #reached = Promise.withResolvers<void>();
  readonly #open = Promise.withResolvers<void>();

  /** Resolves when the copy waits. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  open(): void {
    this.#open.resolve();
  }

  async *pass(messages: AsyncIterable<ExportTemplateResponse>): AsyncGenerator<ExportTemplateResponse> {
    let isMemory = false;
    for await (const message of messages) {
      if (isMemory) {
        this.#reached.resolve();
        await this.#open.promise;
      }
      isMemory = message.part.case === "file" && message.part.value.name === "memory";
      yield message;
    }
  }
}
