/** What the launch dialog offers to choose from. */
import type { Choice } from "../../components/select.ts";
import type { CreateSandbox } from "../../state/sandboxes.ts";
import type { Template } from "../../state/templates.ts";
import { formatMb, plural } from "../../text/format.ts";

/** The template everybody has. */
export const FIRST_TEMPLATE = "minimal";

/** What it is for who chooses nothing. */
export const FIRST_ONE = {
  template: FIRST_TEMPLATE,
  timeout_sec: 300,
  on_timeout: "pause",
} satisfies CreateSandbox;

const CPUS = [1, 2, 4, 8, 16];
export const MEMORY_MB: readonly number[] = [256, 512, 1024, 2048, 4096, 8192, 16_384];

/** First the template's own size. */
const asTemplate = (words: string | undefined): Choice => ({
  value: "",
  label: words === undefined ? "Default" : `Default (${words})`,
});

export const cpuChoices = (template: Template | undefined): readonly Choice[] => [
  asTemplate(template && plural(template.vcpus, "vCPU")),
  ...CPUS.map((count) => ({ value: String(count), label: plural(count, "vCPU") })),
];

export const memoryChoices = (template: Template | undefined): readonly Choice[] => [
  asTemplate(template && formatMb(template.memory_mb)),
  ...MEMORY_MB.map((mb) => ({ value: String(mb), label: formatMb(mb) })),
];

export const TIMEOUTS: readonly Choice[] = [
  { value: "300", label: "5 minutes" },
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "1 hour" },
  { value: "28800", label: "8 hours" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "1 week" },
  { value: "0", label: "None" },
];

export const ON_TIMEOUT: readonly Choice[] = [
  { value: "pause", label: "Pause it" },
  { value: "kill", label: "Delete it" },
];
