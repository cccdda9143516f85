/**
 * Templates as directories `images/teams/{team}/{template}/`: base memory, device state and manifest.
 * A directory is built aside and renamed in, so it is whole whenever it is seen.
 */
import { access, chmod, mkdir, open, readdir, rename, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isUuid } from "../../proto/ids.ts";
import { digestFile } from "../system/digest.ts";
import { syncDirectory, writeDurably } from "../system/durable.ts";
import { memoryGroup } from "../system/instance-ids.ts";
import { EMPTY_DIFF_DIGEST } from "../vm/runtime.ts";
import {
  type LayerStore,
  type Template,
  TemplateDamaged,
  TemplateExists,
  type TemplateKey,
  type TemplateManifest,
  type TemplateStore,
} from "./images.ts";
import type { Layout } from "./layout.ts";
import { attachReadOnly, detachDeleted, detachUnder } from "./loop-device.ts";
import { encodeManifest, manifestPath, readManifest } from "./manifest.ts";
import { withStaging } from "./staging.ts";

const EMPTY_DIFF = "empty-diff";

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** For what may be removed meanwhile. Any other failure must not look like absence: disks hang on the answer. */
const unlessGone = async <T>(looking: Promise<T>, otherwise: T): Promise<T> => {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return otherwise;
    throw error;
  }
};

/** Names of the directories in `path`, none when it does not exist. */
const uuidsIn = async (path: string): Promise<string[]> =>
  (await unlessGone(readdir(path), [])).filter(isUuid);

const allocatedBytes = async (directory: string): Promise<number> => {
  let bytes = 0;
  for (const name of await readdir(directory)) bytes += (await stat(join(directory, name))).blocks * 512;
  return bytes;
};

/** Everything on disk before the rename makes it visible. Only root reads it: VMs map the loop device. */
const seal = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    await chmod(path, 0o400);
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await chmod(directory, 0o711);
  await syncDirectory(directory);
};

/** Refuses files that are not those of the manifest. */
const verify = async (
  layout: Layout,
  layers: LayerStore,
  key: TemplateKey,
  manifest: TemplateManifest,
): Promise<void> => {
  const directory = layout.templateDirectory(key.teamId, key.templateId);
  const { memory, deviceState } = manifest;
  for (const layer of manifest.layers) {
    if (!(await isThere(layers.path(layer))))
      throw new TemplateDamaged(key, `disk layer ${layer} is missing`);
  }
  const size = await stat(join(directory, memory.fileName)).catch(() => null);
  if (size?.size !== memory.sizeBytes) throw new TemplateDamaged(key, "its memory has the wrong size");
  for (const file of [memory, deviceState]) {
    const digest = await digestFile(join(directory, file.fileName)).catch(() => "missing");
    if (digest !== file.digest) throw new TemplateDamaged(key, `${file.fileName} does not match its digest`);
  }
};

export const createTemplateStore = (layout: Layout, layers: LayerStore): TemplateStore => {
  /** By directory: opened and verified since the agent started. */
  const opened = new Map<string, Promise<Template>>();
  const directoryOf = ({ teamId, templateId }: TemplateKey) => layout.templateDirectory(teamId, templateId);

  const prepare = async (key: TemplateKey, manifest: TemplateManifest): Promise<Template> => {
    const directory = directoryOf(key);
    await verify(layout, layers, key, manifest);
    const diffPath = layout.cached(EMPTY_DIFF);
    if (!(await isThere(diffPath))) await Bun.write(diffPath, "");
    return {
      ...key,
      manifest,
      baseMemoryPath: await attachReadOnly(
        join(directory, manifest.memory.fileName),
        memoryGroup(layout.instanceId),
      ),
      saved: {
        diffPath,
        deviceStatePath: join(directory, manifest.deviceState.fileName),
        runs: [],
        diffDigest: EMPTY_DIFF_DIGEST,
        deviceStateDigest: manifest.deviceState.digest,
        runtimeId: manifest.runtimeId,
      },
    };
  };

  const openTemplate: TemplateStore["open"] = async (key) => {
    const directory = directoryOf(key);
    const known = opened.get(directory);
    if (known !== undefined) return await known;
    const manifest = await readManifest(directory);
    if (manifest === null) return null;
    if (manifest === "damaged") throw new TemplateDamaged(key, "its manifest cannot be read");
    // another call may have begun meanwhile
    const opening = opened.get(directory) ?? prepare(key, manifest);
    opened.set(directory, opening);
    try {
      return await opening;
    } catch (error) {
      opened.delete(directory);
      throw error;
    }
  };

  const find = async (): Promise<(TemplateKey & { manifest: TemplateManifest | "damaged" })[]> => {
    const found = [];
    for (const teamId of await uuidsIn(layout.templates)) {
      for (const templateId of await uuidsIn(join(layout.templates, teamId))) {
        const manifest = await readManifest(directoryOf({ teamId, templateId }));
        if (manifest !== null) found.push({ teamId, templateId, manifest });
      }
    }
    return found;
  };

  const list: TemplateStore["list"] = async () => {
    const whole = [];
    for (const { manifest, ...key } of await find()) {
      if (manifest === "damaged") continue;
      const sizeBytes = await unlessGone<number | null>(allocatedBytes(directoryOf(key)), null);
      if (sizeBytes !== null) whole.push({ ...key, manifest, sizeBytes });
    }
    return whole;
  };

  const listDamaged: TemplateStore["listDamaged"] = async () =>
    (await find()).flatMap(({ manifest, ...key }) => (manifest === "damaged" ? [key] : []));

  const publish: TemplateStore["publish"] = async (key, fill) => {
    const directory = directoryOf(key);
    if (await isThere(directory))
      throw new TemplateExists(`template ${key.templateId} is on this host already`);
    await withStaging(layout, "template", async (staging) => {
      const aside = join(staging, "template");
      await mkdir(aside, { mode: 0o700 });
      const manifest = await fill(aside);
      await truncate(join(aside, manifest.memory.fileName), manifest.memory.sizeBytes);
      await writeDurably(manifestPath(aside), encodeManifest(manifest));
      await seal(aside);
      await mkdir(dirname(directory), { recursive: true, mode: 0o711 });
      await rename(aside, directory);
      await syncDirectory(dirname(directory));
    });
    const template = await openTemplate(key);
    if (template === null) throw new TemplateDamaged(key, "it vanished while being published");
    return template;
  };

  const remove: TemplateStore["remove"] = async (key) => {
    const directory = directoryOf(key);
    opened.delete(directory);
    if (!(await isThere(directory))) return;
    await detachUnder(directory);
    // gone in one step; what the rename leaves in staging is removed now or at the next start
    await withStaging(layout, "removed", async (staging) => {
      await rename(directory, join(staging, "template"));
      await syncDirectory(dirname(directory));
    });
    await detachDeleted(layout.staging);
  };

  return { list, listDamaged, open: openTemplate, publish, remove };
};
