/** Follows the making of the built-in template on a host, as the API tells it. */
import type { ApiClient } from "./api-client.ts";
import { CommandFailure } from "./failure.ts";
import { pick, pickList, pickNumber, pickString } from "./json.ts";
import type { Step } from "./steps.ts";
import { waitUntil } from "./wait-until.ts";

const BUILD_TIMEOUT_MS = 40 * 60_000;
const ONLINE_TIMEOUT_MS = 60_000;
const POLL_MS = 200;
/** Steps of the agent whose time goes into the network. */
const DOWNLOADING = /download|fetch|package lists|package sources|apt-get update/i;

const readHost = (api: ApiClient, hostId: string): Promise<unknown> =>
  api.send({ method: "GET", path: `/v1/hosts/${hostId}` });

/** Resolves when the server can put sandboxes on the host. Gives its accelerator. */
export const waitUntilOnline = (api: ApiClient, hostId: string): Promise<string> =>
  waitUntil(
    async () => {
      const host = await readHost(api, hostId);
      if (pick(host, "status") !== "online" || pick(host, "reachable") !== true) return null;
      return pickString(host, "accelerator");
    },
    { what: "the agent to come online", timeoutMs: ONLINE_TIMEOUT_MS, everyMs: 50 },
  );

/** Resolves when the host holds `minimal`; true when it had to be built. */
export const waitForMinimal = async (api: ApiClient, hostId: string, step: Step): Promise<boolean> => {
  let wasBuilt = false;
  let lastMs = performance.now();
  return waitUntil(
    async () => {
      const host = await readHost(api, hostId);
      const nowMs = performance.now();
      const elapsedMs = nowMs - lastMs;
      lastMs = nowMs;
      if (pickList(host, "templates").includes("minimal")) return wasBuilt ? "built" : "present";
      const work = pickList(host, "work").find((one) => pick(one, "kind") === "template_build");
      if (work === undefined) return null;
      wasBuilt = true;
      const error = pickString(work, "error");
      if (error !== "")
        throw new CommandFailure("build_failed", `building the template minimal failed: ${error}`);
      const text = pickString(work, "step");
      if (DOWNLOADING.test(text)) step.downloaded(elapsedMs);
      step.progress(text, pickNumber(work, "progress"));
      return null;
    },
    { what: "the template minimal", timeoutMs: BUILD_TIMEOUT_MS, everyMs: POLL_MS },
  ).then((outcome) => outcome === "built");
};
