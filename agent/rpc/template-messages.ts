/** A template between hosts, as messages. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  type ExportPlan,
  ExportPlanSchema,
  type ExportTemplateResponse,
  type ExportTemplateResponseSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { invalidRequest } from "../errors.ts";
import type { Exported, TemplatePlan } from "../sandboxes/export-template.ts";

export const encodePlan = ({ files, runtimeId }: TemplatePlan): ExportPlan =>
  create(ExportPlanSchema, {
    runtimeId,
    files: files.map(({ name, sizeBytes, digest, allocatedBytes }) => ({
      name,
      digest,
      sizeBytes: BigInt(sizeBytes),
      allocatedBytes: BigInt(allocatedBytes),
    })),
  });

export const decodePlan = (plan: ExportPlan | undefined): TemplatePlan => {
  if (plan === undefined) throw invalidRequest("plan", "must say which files there are");
  return {
    runtimeId: plan.runtimeId,
    files: plan.files.map(({ name, sizeBytes, digest, allocatedBytes }) => ({
      name,
      digest,
      sizeBytes: Number(sizeBytes),
      allocatedBytes: Number(allocatedBytes),
    })),
  };
};

export const encodeExported = (part: Exported): MessageInitShape<typeof ExportTemplateResponseSchema> => {
  switch (part.kind) {
    case "file":
      return { part: { case: "file", value: { name: part.name } } };
    case "data":
      return { part: { case: "data", value: part.bytes } };
    case "compressed":
      return { part: { case: "compressed", value: { zstd: part.zstd, size: part.size } } };
    case "hole":
      return { part: { case: "hole", value: BigInt(part.size) } };
  }
};

/** What follows the plan. Throws `invalid_request`. */
export async function* decodeExported(
  messages: AsyncIterable<ExportTemplateResponse>,
): AsyncGenerator<Exported> {
  for await (const { part } of messages) {
    switch (part.case) {
      case "file":
        yield { kind: "file", name: part.value.name };
        break;
      case "data":
        yield { kind: "data", bytes: part.value };
        break;
      case "compressed":
        yield { kind: "compressed", ...part.value };
        break;
      case "hole":
        yield { kind: "hole", size: Number(part.value) };
        break;
      default:
        throw invalidRequest("part", "must be a file's name or some of its content");
    }
  }
}
