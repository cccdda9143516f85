/** From messages to what `sandboxes/` takes: ids parsed, enums named, absent parts refused or defaulted. */
import { CIDR_PATTERN } from "../../proto/cidr.ts";
import { DOMAIN_PATTERN, MAX_ALLOWED_DOMAINS, MAX_DOMAIN_LENGTH } from "../../proto/domain.ts";
import {
  type NetworkPolicy as NetworkPolicyMessage,
  type TemplateRef,
  type Timeout,
  TimeoutAction,
  TimeoutKind,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { isUuid, parseSandboxId } from "../../proto/ids.ts";
import { invalidRequest } from "../errors.ts";
import type { CreateRequest } from "../sandboxes/create.ts";
import type { SandboxTimeout } from "../sandboxes/journal.ts";

const MAX_CIDRS = 1_000;

export const decodeSandboxId = (text: string): string => {
  const id = parseSandboxId(text);
  if (id === null) throw invalidRequest("sandbox_id", "must be a sandbox id such as sb-{uuid}");
  return id;
};

const decodeUuid = (text: string, field: string): string => {
  if (!isUuid(text)) throw invalidRequest(field, "must be a UUID");
  return text;
};

export const decodeTemplate = (ref: TemplateRef | undefined): CreateRequest["template"] => ({
  teamId: decodeUuid(ref?.teamId ?? "", "template.team_id"),
  templateId: decodeUuid(ref?.templateId ?? "", "template.template_id"),
});

export const decodeTeamId = (text: string): string => decodeUuid(text, "team_id");

/** @param fallback what an absent message means; unset enums are the safe choice (idle, pause) */
export const decodeTimeout = (message: Timeout | undefined, fallback: SandboxTimeout): SandboxTimeout =>
  message === undefined
    ? fallback
    : {
        kind: message.kind === TimeoutKind.DEADLINE ? "deadline" : "idle",
        timeoutSec: message.timeoutSec,
        action: message.action === TimeoutAction.KILL ? "kill" : "pause",
        dropMemory: message.dropMemory,
      };

const CIDR = new RegExp(CIDR_PATTERN);
const DOMAIN = new RegExp(DOMAIN_PATTERN);

const checkDomains = (domains: string[]): void => {
  if (domains.length > MAX_ALLOWED_DOMAINS) {
    throw invalidRequest("allowDomains", `must have at most ${MAX_ALLOWED_DOMAINS} entries`);
  }
  const bad = domains.find((domain) => domain.length > MAX_DOMAIN_LENGTH || !DOMAIN.test(domain));
  if (bad !== undefined) {
    const shown = JSON.stringify(bad.slice(0, MAX_DOMAIN_LENGTH));
    throw invalidRequest("allowDomains", `must hold example.com or *.example.com, not ${shown}`);
  }
};

export const decodeNetwork = (message: NetworkPolicyMessage): CreateRequest["network"] => {
  const { allowInternet, allowCidrs, denyCidrs, allowDomains } = message;
  for (const [field, cidrs] of Object.entries({ allowCidrs, denyCidrs })) {
    if (cidrs.length > MAX_CIDRS) throw invalidRequest(field, `must have at most ${MAX_CIDRS} entries`);
    const bad = cidrs.find((cidr) => !CIDR.test(cidr));
    if (bad !== undefined) {
      throw invalidRequest(field, `must hold IPv4 ranges such as 192.0.2.0/24, not ${JSON.stringify(bad)}`);
    }
  }
  checkDomains(allowDomains);
  return { allowInternet, allowCidrs, denyCidrs, allowDomains };
};
