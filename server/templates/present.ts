/** Templates and snapshots as the API shows them. */
import { type Static, t } from "elysia";

import { HOST_TEMPLATE_STATES, TEMPLATE_TYPES } from "../../db/constants.ts";
import { formatTemplateId, ZERO_UUID } from "../../proto/ids.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import type { Template } from "./store.ts";

export const TemplateModel = t.Object(
  {
    id: t.String({ examples: ["tpl-01990000-0000-7000-8000-000000000000"] }),
    name: t.String(),
    type: wordOf(TEMPLATE_TYPES),
    owner: wordOf(["team", "platform"]),
    state: nullable(wordOf(HOST_TEMPLATE_STATES)),
    vcpus: integer(),
    memory_mb: integer(),
    disk_size_mb: integer(),
    hosts: integer({ description: "Hosts that hold it whole" }),
    copying: nullable(
      t.Number({ description: "0 to 1: how far the copy to a further host is; null when there is none" }),
    ),
    building: nullable(
      t.Number({
        description:
          "0 to 1: how far a host is with making it, for built-in ones; null when no host makes it. A snapshot's stays 0",
      }),
    ),
    size_bytes: nullable(integer({ description: "On one host; null while it is being made" })),
    created_at: Timestamp,
  },
  { title: "Template" },
);

export const presentTemplate = (template: Template): Static<typeof TemplateModel> => ({
  id: formatTemplateId(template.id),
  name: template.name,
  type: template.type,
  owner: template.teamId === ZERO_UUID ? "platform" : "team",
  state: template.state,
  vcpus: template.vcpus,
  memory_mb: template.memoryMb,
  disk_size_mb: template.diskSizeMb,
  hosts: template.hosts,
  copying: template.copying,
  building: template.building,
  size_bytes: template.sizeBytes,
  created_at: template.createdAt.toISOString(),
});
