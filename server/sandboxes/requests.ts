/** What the sandbox routes accept, and how it becomes what the use cases take. */
import { type Static, t } from "elysia";

import { TIMEOUT_ACTIONS } from "../../db/constants.ts";
import { CIDR_PATTERN } from "../../proto/cidr.ts";
import { DOMAIN_PATTERN, MAX_ALLOWED_DOMAINS, MAX_DOMAIN_LENGTH } from "../../proto/domain.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { invalidRequest } from "../errors.ts";
import { wordOf } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { CreateRequest } from "./create.ts";

export const MAX_TIMEOUT_SEC = 30 * 24 * 3600;
const MAX_METADATA_KEYS = 50;
const MAX_METADATA_BYTES = 8 * 1024;
const MAX_ENV_BYTES = 64 * 1024;

export const DEFAULT_TIMEOUT_SEC = 300;

export const SandboxParams = t.Object({
  id: t.String({ description: "Sandbox id", examples: ["sb-01990000-0000-7000-8000-000000000000"] }),
});

export const sandboxIdOf = (params: { id: string }): string => readId(parseSandboxId, "id", params.id);

const timeoutSec = (options: { default?: number; description: string }) =>
  t.Integer({ minimum: 0, maximum: MAX_TIMEOUT_SEC, ...options });

const Cidr = t.String({
  pattern: CIDR_PATTERN,
  description: "IPv4 address or network, as 203.0.113.0/24",
});

const Domain = t.String({
  pattern: DOMAIN_PATTERN,
  maxLength: MAX_DOMAIN_LENGTH,
  description:
    "`example.com`, or `*.example.com` for every name below it; international names in their ASCII form",
});

export const NetworkModel = t.Object({
  allow_internet: t.Optional(t.Boolean({ default: true })),
  allow_cidrs: t.Optional(t.Array(Cidr, { maxItems: 100 })),
  deny_cidrs: t.Optional(t.Array(Cidr, { maxItems: 100 })),
  allow_domains: t.Optional(
    t.Array(Domain, {
      maxItems: MAX_ALLOWED_DOMAINS,
      description:
        "When there are any, HTTP and TLS to these domains and what `allow_cidrs` holds are all that is reached",
    }),
  ),
});

export const Environment = t.Record(
  t.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$" }),
  t.String({ maxLength: 32_768 }),
  { description: "Environment variables", additionalProperties: false },
);

export const CreateBody = t.Object(
  {
    template: t.String({ minLength: 1, maxLength: 128, description: "Name of a template or snapshot" }),
    vcpus: t.Optional(t.Integer({ minimum: 1, maximum: 64 })),
    memory_mb: t.Optional(t.Integer({ minimum: 128, maximum: 1024 * 1024 })),
    disk_size_mb: t.Optional(t.Integer({ minimum: 512, maximum: 16 * 1024 * 1024 })),
    timeout_sec: t.Optional(
      timeoutSec({
        default: DEFAULT_TIMEOUT_SEC,
        description: "Seconds without activity until `on_timeout`; 0 = never",
      }),
    ),
    on_timeout: t.Optional(wordOf(TIMEOUT_ACTIONS)),
    metadata: t.Optional(t.Record(t.String({ minLength: 1, maxLength: 128 }), t.String())),
    envs: t.Optional(Environment),
    network: t.Optional(NetworkModel),
    auto_resume: t.Optional(t.Boolean({ default: false })),
  },
  { title: "CreateSandbox" },
);

export const TimeoutBody = t.Object({
  timeout_sec: timeoutSec({ description: "Counted from now; 0 = never" }),
  on_timeout: t.Optional(wordOf(TIMEOUT_ACTIONS)),
});

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Throws 400 for what a schema cannot say. */
export const checkMetadata = (metadata: Record<string, string>): void => {
  if (Object.keys(metadata).length > MAX_METADATA_KEYS) {
    throw invalidRequest(
      "metadata",
      "max_properties",
      `metadata may have at most ${MAX_METADATA_KEYS} keys.`,
    );
  }
  if (bytesOf(metadata) > MAX_METADATA_BYTES) {
    throw invalidRequest("metadata", "max_bytes", `metadata may have at most ${MAX_METADATA_BYTES} bytes.`);
  }
};

/** @param field what the body calls them. */
export const checkEnvironment = (field: string, envs: Record<string, string>): void => {
  if (bytesOf(envs) <= MAX_ENV_BYTES) return;
  throw invalidRequest(field, "max_bytes", `${field} may have at most ${MAX_ENV_BYTES} bytes.`);
};

export const toCreateRequest = (body: Static<typeof CreateBody>): CreateRequest => {
  const { metadata = {}, envs = {} } = body;
  checkMetadata(metadata);
  checkEnvironment("envs", envs);
  return {
    template: { name: body.template },
    vcpus: body.vcpus,
    memoryMb: body.memory_mb,
    diskSizeMb: body.disk_size_mb,
    timeoutKind: "idle",
    timeoutSec: body.timeout_sec ?? DEFAULT_TIMEOUT_SEC,
    onTimeout: body.on_timeout ?? "pause",
    keepMemoryOnTimeout: true,
    autoResume: body.auto_resume ?? false,
    metadata,
    envs,
    network: body.network ?? {},
    publicPorts: false,
  };
};
