/** Sandboxes as E2B's clients read them. */
import type { Static } from "@sinclair/typebox";

import { ENVD_VERSION } from "../../proto/envd-version.ts";
import { formatHexId } from "../../proto/ids.ts";
import type { ListedSandbox, Sandbox } from "../sandboxes/sandbox.ts";
import { fromNetwork } from "./network.ts";
import type { ListedSandboxModel, SandboxDetailModel, SandboxModel } from "./schemas.ts";
import { endOf, stateOf } from "./states.ts";
import { aliasOf } from "./template-ref.ts";

/** What only the instance knows of its sandboxes; ids are bare UUIDs. */
export interface Keys {
  /** Opens the guest agent. */
  accessToken: (sandboxId: string) => string;
  /** Opens ports that are not public. */
  trafficToken: (sandboxId: string) => string;
  /** Under which sandboxes have host names; null when they have none. */
  domain: string | null;
}

/** E2B's clients are told of a node; nothing depends on it. */
const CLIENT_ID = "wrenn";

const named = ({ id, templateId, templateName }: ListedSandbox) => ({
  sandboxID: formatHexId(id),
  templateID: formatHexId(templateId),
  alias: aliasOf(templateName),
  clientID: CLIENT_ID,
  envdVersion: ENVD_VERSION,
});

export const presentSandbox = (sandbox: Sandbox, keys: Keys): Static<typeof SandboxModel> => ({
  ...named(sandbox),
  envdAccessToken: keys.accessToken(sandbox.id),
  trafficAccessToken: sandbox.publicPorts ? null : keys.trafficToken(sandbox.id),
  domain: keys.domain,
});

export const presentListed = (sandbox: ListedSandbox): Static<typeof ListedSandboxModel> => ({
  ...named(sandbox),
  // The order of lists, too.
  startedAt: sandbox.createdAt.toISOString(),
  endAt: endOf(sandbox).toISOString(),
  state: stateOf(sandbox.status),
  cpuCount: sandbox.vcpus,
  memoryMB: sandbox.memoryMb,
  diskSizeMB: sandbox.diskSizeMb,
  metadata: sandbox.metadata,
  volumeMounts: [],
});

/** Without the sandbox's secrets: keys that may only read see this. */
export const presentDetail = (
  sandbox: Sandbox,
  { domain }: Pick<Keys, "domain">,
): Static<typeof SandboxDetailModel> => {
  const { allowInternetAccess, ...egress } = fromNetwork(sandbox.network);
  return {
    ...presentListed(sandbox),
    domain,
    allowInternetAccess,
    network: { ...egress, allowPublicTraffic: sandbox.publicPorts },
    lifecycle: { onTimeout: sandbox.onTimeout, autoResume: sandbox.autoResume },
  };
};
