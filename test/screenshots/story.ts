/** Whom and what the pictures show: a small team whose agents and CI work in sandboxes. Times are minutes before the pictures. */
import type { AuditStatus, SandboxStatus } from "../../db/constants.ts";
import { formatSandboxId } from "../../proto/ids.ts";

const HOUR = 60;
const DAY = 24 * HOUR;

export type PersonName = keyof typeof PEOPLE;

/** The first one owns the team, and administers the instance with the second. */
export const PEOPLE = {
  mira: { name: "Mira Okafor", role: "owner", joined: 64 * DAY },
  jonas: { name: "Jonas Lindqvist", role: "admin", joined: 61 * DAY },
  priya: { name: "Priya Raman", role: "member", joined: 40 * DAY },
  tomas: { name: "Tomás Rivera", role: "member", joined: 23 * DAY },
  hana: { name: "Hana Sato", role: "member", joined: 5 * DAY },
} as const;

export const TEAM = "Kestrel Labs";

/** Of the template that the instance came with. */
export const MINIMAL_MB = 410;

export const emailOf = (person: PersonName): string => `${person}@kestrel.example`;

export interface HostStory {
  name: string;
  byoc?: true;
  cores: number;
  memoryGb: number;
  freeGb: number;
  diskGb: number;
  accelerator: "kvm" | "emulated";
  age: number;
}

export const HOSTS: readonly HostStory[] = [
  {
    name: "rack-1",
    cores: 32,
    memoryGb: 128,
    freeGb: 71,
    diskGb: 1_900,
    accelerator: "kvm",
    age: 64 * DAY,
  },
  {
    name: "rack-2",
    cores: 32,
    memoryGb: 128,
    freeGb: 96,
    diskGb: 1_900,
    accelerator: "kvm",
    age: 38 * DAY,
  },
  {
    name: "old-office-box",
    cores: 8,
    memoryGb: 32,
    freeGb: 24,
    diskGb: 480,
    accelerator: "emulated",
    age: 19 * DAY,
  },
];

export const TEMPLATES = [
  { name: "review-agent", vcpus: 2, memoryMb: 2_048, sizeMb: 1_260, age: 2 * DAY },
  { name: "pytest-ready", vcpus: 2, memoryMb: 1_024, sizeMb: 740, age: 9 * DAY },
  { name: "node-22-ci", vcpus: 2, memoryMb: 2_048, sizeMb: 980, age: 16 * DAY },
  { name: "data-cleaning", vcpus: 4, memoryMb: 4_096, sizeMb: 1_710, age: 33 * DAY },
] as const;

export interface SandboxStory {
  /** What its id is made from. */
  key: string;
  template: (typeof TEMPLATES)[number]["name"] | "minimal";
  host: string;
  status: SandboxStatus;
  age: number;
  /** Until it is paused. @default {no timeout} */
  left?: number;
  metadata: Record<string, string>;
}

/** The one with pages of its own. */
export const SHOWN = "review-2114";

/** A UUID that is the same each time. */
export const uuidOf = (key: string): string => {
  const digest = new Bun.CryptoHasher("sha256").update(key).digest("hex");
  return `0199a000-0000-7000-8000-${digest.slice(0, 12)}`;
};

export const sandboxIdOf = (key: string): string => formatSandboxId(uuidOf(key));

export const SANDBOXES: readonly SandboxStory[] = [
  {
    key: "ci-8841",
    template: "node-22-ci",
    host: "rack-1",
    status: "running",
    age: 1.5,
    left: 9,
    metadata: { job: "8841" },
  },
  {
    key: "ci-8840",
    template: "pytest-ready",
    host: "rack-2",
    status: "running",
    age: 4.5,
    left: 6,
    metadata: { job: "8840" },
  },
  {
    key: SHOWN,
    template: "review-agent",
    host: "rack-1",
    status: "running",
    age: 57.5,
    left: 28,
    metadata: { agent: "reviewer", pull: "2114" },
  },
  {
    key: "review-2113",
    template: "review-agent",
    host: "rack-1",
    status: "running",
    age: 72.5,
    left: 21,
    metadata: { pull: "2113" },
  },
  {
    key: "review-2109",
    template: "review-agent",
    host: "rack-2",
    status: "paused",
    age: 3.5 * HOUR,
    metadata: { pull: "2109" },
  },
  {
    key: "churn",
    template: "data-cleaning",
    host: "rack-2",
    status: "running",
    age: 5.5 * HOUR,
    metadata: { user: "priya" },
  },
  {
    key: "notebook",
    template: "data-cleaning",
    host: "rack-1",
    status: "paused",
    age: 27 * HOUR,
    metadata: { user: "hana" },
  },
  {
    key: "scratch",
    template: "minimal",
    host: "old-office-box",
    status: "paused",
    age: 2.5 * DAY,
    metadata: { user: "tomas" },
  },
  {
    key: "repro-771",
    template: "minimal",
    host: "rack-2",
    status: "paused",
    age: 6.5 * DAY,
    metadata: { issue: "771" },
  },
];

export const KEYS = [
  { name: "ci", by: "jonas", used: 1.5, age: 58 * DAY },
  { name: "review-agent", by: "mira", used: 12.5, age: 31 * DAY },
  { name: "nightly evals", by: "priya", used: 9.5 * HOUR, age: 20 * DAY },
] as const satisfies readonly { name: string; by: PersonName; used: number; age: number }[];

export type KeyName = (typeof KEYS)[number]["name"];

export interface TrailStory {
  age: number;
  by: { person: PersonName } | { key: KeyName } | "system";
  /** As `resource.action`. */
  what: string;
  /** A sandbox by its key, a person, or text. */
  on: { sandbox: string } | { person: PersonName } | { key: KeyName } | { text: string };
  status?: AuditStatus;
  metadata?: Record<string, string>;
}

/** Oldest first. */
export const TRAIL: readonly TrailStory[] = [
  { age: 64 * DAY, by: { person: "mira" }, what: "team.create", on: { text: TEAM } },
  {
    age: 61 * DAY,
    by: { person: "mira" },
    what: "member.add",
    on: { person: "jonas" },
    metadata: { role: "member" },
  },
  { age: 58 * DAY, by: { person: "jonas" }, what: "api_key.create", on: { key: "ci" } },
  {
    age: 5 * DAY,
    by: { person: "jonas" },
    what: "member.add",
    on: { person: "hana" },
    metadata: { role: "member" },
  },
  {
    age: 2 * DAY,
    by: { person: "mira" },
    what: "member.role_update",
    on: { person: "jonas" },
    status: "warning",
    metadata: { new_role: "admin" },
  },
  { age: 2 * DAY, by: { person: "mira" }, what: "snapshot.create", on: { text: "review-agent" } },
  {
    age: 27 * HOUR,
    by: { person: "hana" },
    what: "sandbox.create",
    on: { sandbox: "notebook" },
    metadata: { template: "data-cleaning" },
  },
  {
    age: 25.5 * HOUR,
    by: "system",
    what: "sandbox.pause",
    on: { sandbox: "notebook" },
    status: "info",
    metadata: { reason: "timeout" },
  },
  {
    age: 5.5 * HOUR,
    by: { person: "priya" },
    what: "sandbox.create",
    on: { sandbox: "churn" },
    metadata: { template: "data-cleaning" },
  },
  {
    age: 3.5 * HOUR,
    by: { key: "review-agent" },
    what: "sandbox.create",
    on: { sandbox: "review-2109" },
    metadata: { template: "review-agent" },
  },
  { age: 3.2 * HOUR, by: { person: "jonas" }, what: "sandbox.pause", on: { sandbox: "review-2109" } },
  {
    age: 72.5,
    by: { key: "review-agent" },
    what: "sandbox.create",
    on: { sandbox: "review-2113" },
    metadata: { template: "review-agent" },
  },
  {
    age: 57.5,
    by: { key: "review-agent" },
    what: "sandbox.create",
    on: { sandbox: SHOWN },
    metadata: { template: "review-agent" },
  },
  {
    age: 24.5,
    by: { key: "ci" },
    what: "sandbox.create",
    on: { sandbox: "ci-8839" },
    metadata: { template: "node-22-ci" },
  },
  {
    age: 16.5,
    by: { key: "ci" },
    what: "sandbox.destroy",
    on: { sandbox: "ci-8839" },
    status: "warning",
  },
  {
    age: 4.5,
    by: { key: "ci" },
    what: "sandbox.create",
    on: { sandbox: "ci-8840" },
    metadata: { template: "pytest-ready" },
  },
  {
    age: 1.5,
    by: { key: "ci" },
    what: "sandbox.create",
    on: { sandbox: "ci-8841" },
    metadata: { template: "node-22-ci" },
  },
];
