/** The built-in template `minimal`: made once on each host, in the background of the agent's start. */
import { ZERO_UUID } from "../../proto/ids.ts";
import { describeError } from "../errors.ts";
import type { TemplateKey } from "../images/images.ts";
import type { Host } from "./host.ts";
import { templateForSize } from "./variants.ts";
import { warmTemplate } from "./warm-template.ts";
import type { Work } from "./work.ts";

export const MINIMAL_KEY: TemplateKey = { teamId: ZERO_UUID, templateId: ZERO_UUID };
const MINIMAL_SIZE = { vcpus: 1, memoryMb: 512, diskSizeMb: 5_120 };
/** Making the root file system is the long part. */
const DISK_SHARE = 0.8;

const WORK = { kind: "template_build", subject: "minimal" } as const;

const build = (host: Host): Promise<TemplateKey> =>
  host.work.during(WORK.kind, WORK.subject, async (progress) => {
    const layer = await host.images.buildMinimalLayer((step, fraction) =>
      progress(step, fraction * DISK_SHARE),
    );
    await warmTemplate(
      host,
      { key: MINIMAL_KEY, type: "base", name: "minimal", ...MINIMAL_SIZE, layers: [layer] },
      (step, fraction) => progress(step, DISK_SHARE + fraction * (1 - DISK_SHARE)),
    );
    return MINIMAL_KEY;
  });

export const isBuildOfMinimal = ({ kind, subject }: Work): boolean =>
  kind === WORK.kind && subject === WORK.subject;

/** What of the built-in templates is being made, and how far it is, 0 to 1. */
export const buildsUnderWay = ({ work }: Pick<Host, "work">): { templateId: string; progress: number }[] =>
  work
    .list()
    .filter((one) => isBuildOfMinimal(one) && one.error === "")
    .map(({ progress }) => ({ templateId: MINIMAL_KEY.templateId, progress }));

/** Resolves when `minimal` is there. Throws what its making threw; the next call tries again. */
export const ensureMinimal = async (host: Host): Promise<void> => {
  if ((await host.templates.open(MINIMAL_KEY)) !== null) return;
  const running = host.templateBuilds.get(ZERO_UUID) ?? build(host);
  host.templateBuilds.set(ZERO_UUID, running);
  try {
    await running;
  } catch (error) {
    host.log.error("minimal_failed", { error: describeError(error) });
    throw error;
  } finally {
    host.templateBuilds.delete(ZERO_UUID);
  }
};

/** The first sandbox of a host that was just started should not wait either. */
export const keepSpareOfMinimal = async (host: Host): Promise<void> => {
  const { vcpus, memoryMb, diskSizeMb } = MINIMAL_SIZE;
  const template = await templateForSize(host, MINIMAL_KEY, { vcpus, memoryMb });
  const { teamId, templateId } = template;
  host.spares.keepOne({ template: { teamId, templateId }, diskSizeMb });
};
