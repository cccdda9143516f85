/** Between the host's words for a sandbox and the server's. */
import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import {
  type NetworkPolicy,
  NetworkPolicySchema,
  type SandboxState,
  type Timeout,
  TimeoutAction,
  TimeoutKind,
  TimeoutSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import type { Network, Sandbox } from "./sandbox.ts";

export const toTimeout = (
  timeout: Pick<Sandbox, "timeoutKind" | "timeoutSec" | "onTimeout" | "keepMemoryOnTimeout">,
): Timeout =>
  create(TimeoutSchema, {
    kind: timeout.timeoutKind === "idle" ? TimeoutKind.IDLE : TimeoutKind.DEADLINE,
    timeoutSec: timeout.timeoutSec,
    action: timeout.onTimeout === "pause" ? TimeoutAction.PAUSE : TimeoutAction.KILL,
    dropMemory: !timeout.keepMemoryOnTimeout,
  });

const EVERYTHING = "0.0.0.0/0";

/** Beside domains the rest is denied in so many words, for agents that do not know of domains yet. */
export const toNetworkPolicy = (network: Network): NetworkPolicy => {
  const { allow_internet = true, allow_cidrs = [], deny_cidrs = [], allow_domains = [] } = network;
  return create(NetworkPolicySchema, {
    allowInternet: allow_internet,
    allowCidrs: allow_cidrs,
    denyCidrs: allow_domains.length === 0 ? deny_cidrs : [...deny_cidrs, EVERYTHING],
    allowDomains: allow_domains,
  });
};

/** What a host's answer says about time and memory. */
export const readState = (
  state: SandboxState | undefined,
): { memoryKept: boolean; expiresAt: Date | null; lastActiveAt: Date | null } => ({
  memoryKept: state?.memoryKept ?? false,
  expiresAt: state?.expiresAt ? timestampDate(state.expiresAt) : null,
  lastActiveAt: state?.lastActiveAt ? timestampDate(state.lastActiveAt) : null,
});
