/** Puts the parts of a host together: layout, network, images, runtime, and the manager over them. */
import type { AgentConfig } from "./config.ts";
import { describeError } from "./errors.ts";
import { ensureBootKernel } from "./images/boot-files.ts";
import { createHostImages } from "./images/host-images.ts";
import { createLayerStore } from "./images/layers.ts";
import type { Layout } from "./images/layout.ts";
import { createTemplateStore } from "./images/templates.ts";
import { HostSlotPool } from "./net/slot-pool.ts";
import { Admission } from "./sandboxes/admission.ts";
import { openSpares, openStandbys, spareVmsFor, standbyVmsFor } from "./sandboxes/ahead/open-pools.ts";
import { ChangeLog } from "./sandboxes/changes.ts";
import { isDrained } from "./sandboxes/drain.ts";
import { expireSandbox } from "./sandboxes/expire.ts";
import { Expiry } from "./sandboxes/expiry.ts";
import type { Host } from "./sandboxes/host.ts";
import { readMetrics } from "./sandboxes/observe.ts";
import { Sampler } from "./sandboxes/sampler.ts";
import type { Sandbox } from "./sandboxes/sandbox.ts";
import { StepTimes } from "./sandboxes/step-times.ts";
import { TemplateCopies } from "./sandboxes/template-copies.ts";
import { WorkBoard } from "./sandboxes/work.ts";
import type { Logger } from "./system/log.ts";
import { cpuCores, readDisk, readMemory } from "./system/machine.ts";
import { AGENT_VERSION } from "./version.ts";
import { openRuntime } from "./vm/open-runtime.ts";
import type { VmRuntime } from "./vm/runtime.ts";

/** A restored guest answers in 0.2 s emulated; a loaded machine may take far longer. */
const READY_MS = 20_000;
const BOOT_MS = 15_000;
const DRAIN_MS = 100;

export interface OpenRuntime {
  runtime: VmRuntime;
  images: ReturnType<typeof createHostImages>;
  layers: ReturnType<typeof createLayerStore>;
}

/**
 * The runtime, proven by a boot of the very kernel sandboxes use. Throws `VmFailed`, `HostToolMissing`,
 * and what fetching the kernel throws.
 * @param agentPath the compiled agent that runs inside sandboxes
 */
export const openVmRuntime = async (
  config: AgentConfig,
  layout: Layout,
  agentPath: string = process.execPath,
): Promise<OpenRuntime> => {
  const layers = createLayerStore(layout);
  const { digest, spec } = await ensureBootKernel({ layout, emulated: true, kernelPath: config.kernelPath });
  const runtime = await openRuntime({
    accelerator: config.accelerator,
    kernel: { imagePath: spec.imagePath, digest },
    cachePath: layout.cached("accelerator.json"),
    scratchDirectory: layout.staging,
  });
  const emulated = runtime.accelerator === "emulated";
  const images = createHostImages({ layout, layers, agentPath, emulated, kernelPath: config.kernelPath });
  return { runtime, layers, images };
};

/** Nothing runs yet: `adoptSandboxes` comes next. Throws `NetworkUnavailable` and what the runtime throws. */
export const openHost = async (
  config: AgentConfig,
  layout: Layout,
  log: Logger,
  agentPath?: string,
): Promise<Host> => {
  const { runtime, images, layers } = await openVmRuntime(config, layout, agentPath);
  const slots = await HostSlotPool.open({
    instanceId: layout.instanceId,
    egressAllow: config.egressAllow,
    onBackgroundError: (error) => log.error("slot_failed", { error: describeError(error) }),
  });
  const sandboxes = new Map<string, Sandbox>();
  const memory = await readMemory();
  const host: Host = {
    layout,
    runtime,
    layers,
    images,
    slots,
    templates: createTemplateStore(layout, layers),
    settings: { agentVersion: AGENT_VERSION, readyMs: READY_MS, bootMs: BOOT_MS, drainMs: DRAIN_MS },
    log,
    sandboxes,
    unreadable: new Set(),
    admission: new Admission(
      async () => ({
        cpuCores: cpuCores(),
        memory: await readMemory(),
        disk: await readDisk(layout.root),
      }),
      config,
    ),
    changes: await ChangeLog.open(layout.cached("changes.json"), log),
    expiry: new Expiry(sandboxes, (sandbox) => expireSandbox(host, sandbox)),
    spares: openSpares(() => host, config.spareVms ?? spareVmsFor(memory)),
    standbys: openStandbys(() => host, config.standbyVms ?? standbyVmsFor(memory)),
    sampler: new Sampler({ sandboxes, directory: layout.root, log, ask: readMetrics }, config.sampleMs),
    stepTimes: new StepTimes(),
    work: new WorkBoard(log),
    pinnedLayers: new Map(),
    templateBuilds: new Map(),
    copies: new TemplateCopies(),
    doomedTemplates: new Set(),
    draining: await isDrained(layout),
    stopping: false,
  };
  return host;
};
