/**
 * What E2B's clients send. Fields nobody knows are passed over, since newer clients have more of them; those
 * that ask for what Wrenn has not are refused by name.
 */
import type { Static } from "@sinclair/typebox";
import { t } from "elysia";

import { invalidRequest } from "../errors.ts";
import type { CreateRequest } from "../sandboxes/create.ts";
import { checkEnvironment, checkMetadata, Environment, MAX_TIMEOUT_SEC } from "../sandboxes/requests.ts";
import { toNetwork } from "./network.ts";
import { refuseUnsupported } from "./unsupported-fields.ts";

const OPEN = { additionalProperties: true } as const;
const MAX_RULES = 1_000;

/** How long a sandbox lasts when an older call does not say. */
export const SHORT_TIMEOUT_SEC = 15;

const Unsupported = t.Optional(t.Unknown({ description: "Not supported: leave it out, or empty" }));

export const SandboxParams = t.Object({
  id: t.String({ description: "Sandbox id: 32 hex digits", examples: ["01990000000070008000000000000000"] }),
});

export const TimeoutSec = t.Integer({
  minimum: 0,
  maximum: MAX_TIMEOUT_SEC,
  description: "Seconds from now; 0 = at once",
});

/** For Wrenn 0 means never, for E2B at once: the shortest there is. */
export const toTimeoutSec = (wanted: number): number => Math.max(1, wanted);

const egress = {
  allowOut: t.Optional(
    t.Array(t.String(), {
      maxItems: MAX_RULES,
      description: "IPv4 addresses, networks and domains that may be reached, whatever is denied",
    }),
  ),
  denyOut: t.Optional(
    t.Array(t.String(), { maxItems: MAX_RULES, description: "IPv4 addresses and networks; 0.0.0.0/0 = all" }),
  ),
  rules: Unsupported,
  egressProxy: Unsupported,
};

export const NetworkBody = t.Object(
  { ...egress, allow_internet_access: t.Optional(t.Boolean()) },
  { ...OPEN, title: "E2bNetwork" },
);

export const CreateBody = t.Object(
  {
    templateID: t.String({
      minLength: 1,
      maxLength: 256,
      description: "Id, name, name:default or slug/name",
    }),
    timeout: t.Optional(TimeoutSec),
    autoPause: t.Optional(t.Boolean({ description: "Pause when the time is over; otherwise kill" })),
    autoPauseMemory: t.Optional(
      t.Boolean({ description: "False: that pause keeps the disk alone; not together with autoResume" }),
    ),
    autoResume: t.Optional(t.Object({ enabled: t.Boolean() }, OPEN)),
    metadata: t.Optional(t.Record(t.String({ minLength: 1, maxLength: 128 }), t.String())),
    envVars: t.Optional(Environment),
    allow_internet_access: t.Optional(t.Boolean()),
    network: t.Optional(
      t.Object(
        {
          ...egress,
          allowPublicTraffic: t.Optional(t.Boolean({ description: "False: ports need trafficAccessToken" })),
          httpsPorts: Unsupported,
          maskRequestHost: Unsupported,
        },
        OPEN,
      ),
    ),
    volumeMounts: Unsupported,
    iam: Unsupported,
    mcp: Unsupported,
  },
  { ...OPEN, title: "E2bNewSandbox" },
);

/** @throws ApiError 400 for what a schema cannot say. */
export const toCreateRequest = (
  body: Static<typeof CreateBody>,
  { template, defaultTimeoutSec }: { template: CreateRequest["template"]; defaultTimeoutSec: number },
): CreateRequest => {
  const { volumeMounts, iam, mcp } = body;
  const { rules, egressProxy, httpsPorts, maskRequestHost, ...network } = body.network ?? {};
  refuseUnsupported({
    volumeMounts,
    iam,
    mcp,
    "network.rules": rules,
    "network.egressProxy": egressProxy,
    "network.httpsPorts": httpsPorts,
    "network.maskRequestHost": maskRequestHost,
  });
  const metadata = body.metadata ?? {};
  const envs = body.envVars ?? {};
  const autoResume = body.autoResume?.enabled ?? false;
  const keepMemoryOnTimeout = body.autoPauseMemory ?? true;
  if (autoResume && !keepMemoryOnTimeout) {
    throw invalidRequest(
      "autoResume",
      "needs_memory",
      "autoResume: traffic cannot resume a sandbox without its memory; leave out autoPauseMemory: false.",
    );
  }
  checkMetadata(metadata);
  checkEnvironment("envVars", envs);
  return {
    template,
    timeoutKind: "deadline",
    timeoutSec: toTimeoutSec(body.timeout ?? defaultTimeoutSec),
    onTimeout: body.autoPause ? "pause" : "kill",
    keepMemoryOnTimeout,
    autoResume,
    metadata,
    envs,
    network: toNetwork({ ...network, allow_internet_access: body.allow_internet_access }),
    publicPorts: network.allowPublicTraffic ?? true,
  };
};
