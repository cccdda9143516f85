import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";

import { newId } from "../../proto/ids.ts";
import type { TemplateKey, TemplateManifest } from "../images/images.ts";
import { createLayerStore } from "../images/layers.ts";
import { type Layout, openLayout } from "../images/layout.ts";
import { encodeManifest, manifestPath } from "../images/manifest.ts";
import { RECIPE_ID } from "../images/minimal-recipe.ts";
import { createTemplateStore } from "../images/templates.ts";
import { type Paused, writeJournal } from "./journal.ts";
import { findPrunable, findStaged, NotAllKnown } from "./prunable.ts";

const digest = (digit: string): string => digit.repeat(64);
const TEAM = newId();

let layout: Layout;
beforeEach(async () => {
  layout = await openLayout(mkdtempSync(join(tmpdir(), "wrenn-prune-")));
});
afterEach(() => rmSync(layout.root, { recursive: true }));

const key = (): TemplateKey => ({ teamId: TEAM, templateId: newId() });

const addTemplate = async (at: TemplateKey, manifest: Partial<TemplateManifest>): Promise<void> => {
  const directory = layout.templateDirectory(at.teamId, at.templateId);
  mkdirSync(directory, { recursive: true });
  const whole: TemplateManifest = {
    version: 1,
    type: "base",
    name: "t",
    vcpus: 1,
    memoryMb: 512,
    diskSizeMb: 5_120,
    runtimeId: "r",
    kernelDigest: digest("a"),
    guestDriveDigest: digest("b"),
    agentVersion: "0",
    layers: [digest("c")],
    memory: { fileName: "memory", digest: digest("0"), sizeBytes: 0 },
    deviceState: { fileName: "device", digest: digest("0") },
    createdAt: "",
    ...manifest,
  };
  writeFileSync(manifestPath(directory), encodeManifest(whole));
};

const addSandbox = async (paused: Partial<Paused>): Promise<string> => {
  const sandboxId = newId();
  mkdirSync(layout.sandboxDirectory(sandboxId));
  await writeJournal(layout.sandboxJournal(sandboxId), {
    state: "paused",
    sandboxId,
    teamId: TEAM,
    template: key(),
    createdAt: "",
    vcpus: 1,
    memoryMb: 512,
    diskSizeMb: 5_120,
    accessToken: "t",
    timeout: { kind: "idle", timeoutSec: 0, action: "pause" },
    deadlineMs: null,
    network: { allowInternet: true, allowCidrs: [], denyCidrs: [], allowDomains: [] },
    layers: [],
    base: { kind: "zero" },
    kernelDigest: digest("a"),
    guestDriveDigest: digest("b"),
    reason: "",
    pausedAt: "",
    saved: null,
    ...paused,
  });
  return sandboxId;
};

/** Older with each call. */
let hour = 0;
const addFile = (path: string): void => {
  writeFileSync(path, "");
  hour += 1;
  utimesSync(path, 0, 1_700_000_000 - hour * 3_600);
};
const addDirectory = (path: string): void => {
  mkdirSync(path);
  hour += 1;
  utimesSync(path, 0, 1_700_000_000 - hour * 3_600);
};

const found = async (): Promise<string[]> => {
  const templates = createTemplateStore(layout, createLayerStore(layout));
  return (await findPrunable(layout, templates)).map(
    ({ kind, path }) => `${kind} ${relative(layout.root, path)}`,
  );
};

test("an empty directory has nothing to prune", async () => {
  expect(await found()).toEqual([]);
});

test("what a template or a sandbox stands on stays, and all else goes", async () => {
  const own = newId();
  const stray = newId();
  await addTemplate(key(), {});
  await addSandbox({
    layers: [digest("d"), own],
    kernelDigest: digest("e"),
    guestDriveDigest: digest("f"),
  });
  for (const one of [digest("c"), digest("d"), own, digest("9"), stray]) addFile(layout.layer(one));
  for (const one of ["1", "a", "e", "2"]) addDirectory(layout.kernelDirectory(digest(one)));
  for (const one of ["1", "b", "f", "2"]) addFile(layout.drive(digest(one)));
  const cached = ["accelerator.json", "changes.json", "changes.json.7.new", "empty-diff", "zero-512.mem"];
  for (const one of [...cached, `minimal-${RECIPE_ID}.raw`, "minimal-old.raw"]) addFile(layout.cached(one));
  addDirectory(join(layout.staging, "drive-x"));
  expect((await found()).sort()).toEqual(
    [
      `layer layers/${digest("9")}.raw`,
      `layer layers/${stray}.qcow2`,
      // The newest is what new sandboxes boot with.
      `kernel kernels/${digest("2")}`,
      `drive drives/${digest("2")}.ext4`,
      "cache cache/changes.json.7.new",
      "cache cache/minimal-old.raw",
      "staging staging/drive-x",
    ].sort(),
  );
});

test("a variant goes with its own layer once no sandbox stands on it", async () => {
  const template = key();
  const [used, unused] = [key(), key()];
  await addTemplate(template, {});
  await addTemplate(used, { variantOf: template, layers: [digest("1")] });
  await addTemplate(unused, { variantOf: template, layers: [digest("2")] });
  await addSandbox({ base: { kind: "template", key: used } });
  for (const one of ["1", "2", "c"]) addFile(layout.layer(digest(one)));
  expect(await found()).toEqual([
    `variant images/teams/${TEAM}/${unused.templateId}`,
    `layer layers/${digest("2")}.raw`,
  ]);
});

test("nothing shared goes while a journal or a manifest cannot be read", async () => {
  addFile(layout.layer(digest("9")));
  addDirectory(join(layout.staging, "drive-x"));
  const sandboxId = await addSandbox({});
  writeFileSync(layout.sandboxJournal(sandboxId), "{");
  await expect(found()).rejects.toThrow(NotAllKnown);
  writeFileSync(join(layout.sandboxDirectory(sandboxId), "journal.unreadable"), "{");
  rmSync(layout.sandboxJournal(sandboxId));
  await expect(found()).rejects.toThrow(NotAllKnown);
  rmSync(layout.sandboxDirectory(sandboxId), { recursive: true });
  const at = key();
  await addTemplate(at, {});
  writeFileSync(manifestPath(layout.templateDirectory(at.teamId, at.templateId)), "{");
  await expect(found()).rejects.toThrow(NotAllKnown);
  expect((await findStaged(layout)).map(({ path }) => basename(path))).toEqual(["drive-x"]);
});
