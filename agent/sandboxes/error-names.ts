/** Names errors of the parts below (VMs, images, network, disk) that mean something to a caller. */
import { BadFrame } from "../../proto/template-frames.ts";
import { AgentError } from "../errors.ts";
import { BootFilesMissing } from "../images/host-images.ts";
import { DiskTooSmall, TemplateDamaged, TemplateExists } from "../images/images.ts";
import { BadPathName } from "../images/layout.ts";
import { BadPiece } from "../images/pieces.ts";
import { BadLayer } from "../images/qcow2.ts";
import { BadTemplate } from "../images/template-plan.ts";
import { BadCidr } from "../net/cidr.ts";
import { SlotsExhausted } from "../net/slots.ts";
import { DiskFull } from "../system/free-space.ts";
import { VmFailed } from "../vm/runtime.ts";

const isDiskFull = (error: unknown): boolean => {
  if (error instanceof DiskFull || (error instanceof VmFailed && error.code === "disk_full")) return true;
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
};

/** What came from another host was refused. */
const isBadCopy = (error: unknown): error is Error =>
  [BadTemplate, BadPiece, BadLayer, BadPathName, BadFrame].some((kind) => error instanceof kind);

/** Null for what a caller cannot act on. */
export const asAgentError = (error: unknown): AgentError | null => {
  if (error instanceof AgentError) return error;
  if (isDiskFull(error)) {
    return new AgentError("disk_full", error instanceof Error ? error.message : "the disk is full", {
      cause: error,
    });
  }
  if (error instanceof DiskTooSmall || error instanceof BadCidr) {
    return new AgentError("invalid_request", error.message, { cause: error });
  }
  if (isBadCopy(error)) {
    return new AgentError("invalid_request", `the template's copy was refused: ${error.message}`, {
      cause: error,
    });
  }
  if (error instanceof TemplateExists)
    return new AgentError("template_exists", error.message, { cause: error });
  if (error instanceof TemplateDamaged)
    return new AgentError("snapshot_refused", error.message, { cause: error });
  if (error instanceof BootFilesMissing)
    return new AgentError("runtime_mismatch", error.message, { cause: error });
  if (error instanceof SlotsExhausted) return new AgentError("slots_full", error.message, { cause: error });
  if (error instanceof VmFailed) return new AgentError("vm_failed", error.message, { cause: error });
  return null;
};
