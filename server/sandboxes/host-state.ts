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

export const toNetworkPolicy = (network: Network): NetworkPolicy =>
  create(NetworkPolicySchema, {
    allowInternet: network.allow_internet ?? true,
    allowCidrs: network.allow_cidrs ?? [],
    denyCidrs: network.deny_cidrs ?? [],
  });

/** What a host's answer says about time and memory. */
export const readState = (
  state: SandboxState | undefined,
): { memoryKept: boolean; expiresAt: Date | null; lastActiveAt: Date | null } => ({
  memoryKept: state?.memoryKept ?? false,
  expiresAt: state?.expiresAt ? timestampDate(state.expiresAt) : null,
  lastActiveAt: state?.lastActiveAt ? timestampDate(state.lastActiveAt) : null,
});
