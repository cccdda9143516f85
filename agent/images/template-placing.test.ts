import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TemplateManifest } from "./images.ts";
import { type Layout, openLayout } from "./layout.ts";
import { placeShared } from "./template-placing.ts";
import { waitingPath } from "./template-plan.ts";

const sha256 = (...texts: string[]): string => createHash("sha256").update(texts.join("")).digest("hex");

let layout: Layout;
let aside: string;
beforeEach(async () => {
  const parent = await mkdtemp(join(tmpdir(), "wrenn-placing-"));
  await chmod(parent, 0o755);
  layout = await openLayout(join(parent, "data"));
  aside = join(layout.staging, "import");
  await mkdir(aside);
});
afterEach(() => rm(join(layout.root, ".."), { recursive: true, force: true }));

const manifestOf = (facts: Partial<TemplateManifest>): TemplateManifest => ({
  version: 1,
  type: "snapshot",
  name: "one",
  vcpus: 1,
  memoryMb: 128,
  diskSizeMb: 1,
  runtimeId: "any",
  kernelDigest: sha256("linux", "initrd"),
  guestDriveDigest: sha256("drive"),
  agentVersion: "test",
  layers: [sha256("image")],
  memory: { fileName: "memory", digest: "", sizeBytes: 0 },
  deviceState: { fileName: "device-state", digest: "" },
  createdAt: "",
  ...facts,
});

/** Puts the files aside as a receiver leaves them, and gives them their places. */
const placeFiles = async (manifest: TemplateManifest, contents: Record<string, string>): Promise<void> => {
  for (const [name, content] of Object.entries(contents)) await writeFile(waitingPath(aside, name), content);
  await placeShared(layout, aside, { manifest, received: new Set(Object.keys(contents)) });
};

const placed = async (): Promise<string[]> =>
  (await Promise.all([layout.kernels, layout.drives, layout.layers].map((folder) => readdir(folder)))).flat();

test("kernel, drive and root image go where their digests say", async () => {
  const manifest = manifestOf({});
  const { kernelDigest, guestDriveDigest, layers } = manifest;
  const [image = ""] = layers;
  await placeFiles(manifest, {
    [`kernels/${kernelDigest}/vmlinuz`]: "linux",
    [`kernels/${kernelDigest}/initrd`]: "initrd",
    [`drives/${guestDriveDigest}`]: "drive",
    [`layers/${image}`]: "image",
  });
  expect(await readFile(join(layout.kernelDirectory(kernelDigest), "vmlinuz"), "utf8")).toBe("linux");
  expect(await readFile(layout.drive(guestDriveDigest), "utf8")).toBe("drive");
  expect(await readFile(layout.layer(image), "utf8")).toBe("image");
});

test("what came by another way meanwhile is not replaced", async () => {
  const manifest = manifestOf({});
  const path = layout.drive(manifest.guestDriveDigest);
  await writeFile(path, "in use");
  await placeFiles(manifest, { [`drives/${manifest.guestDriveDigest}`]: "drive" });
  expect(await readFile(path, "utf8")).toBe("in use");
});

test("content under a name that is not its own is refused, and nothing is placed", async () => {
  const manifest = manifestOf({});
  const { kernelDigest, guestDriveDigest, layers } = manifest;
  const drive = { [`drives/${guestDriveDigest}`]: "drive" };
  const kernel = {
    [`kernels/${kernelDigest}/vmlinuz`]: "another",
    [`kernels/${kernelDigest}/initrd`]: "initrd",
  };
  const [image = ""] = layers;
  await expect(placeFiles(manifest, { ...drive, ...kernel })).rejects.toThrow("its kernel is not");
  await expect(placeFiles(manifest, { [`drives/${guestDriveDigest}`]: "another" })).rejects.toThrow(
    "its guest drive is not",
  );
  await expect(placeFiles(manifest, { ...drive, [`layers/${image}`]: "another" })).rejects.toThrow(
    "a raw image is not",
  );
  expect(await placed()).toEqual([]);
});

test("a raw image stands at the bottom only", async () => {
  const manifest = manifestOf({ layers: [sha256("image"), sha256("other")] });
  const contents = { [`layers/${sha256("image")}`]: "image", [`layers/${sha256("other")}`]: "other" };
  await expect(placeFiles(manifest, contents)).rejects.toThrow("only be at the bottom");
});
