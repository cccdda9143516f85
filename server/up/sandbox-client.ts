/** One sandbox through the API, as a user of it would drive it. */
import type { ApiClient } from "./api-client.ts";
import { CommandFailure } from "./failure.ts";
import { pick, pickList, pickString } from "./json.ts";

const OPERATION_TIMEOUT_MS = 120_000;

export interface SandboxClient {
  id: string;
  /** Its standard output; throws when the line does not end with 0. */
  run(line: string): Promise<string>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  fork(): Promise<SandboxClient>;
  remove(): Promise<void>;
}

const open = (api: ApiClient, id: string): SandboxClient => {
  const post = (action: string, body?: object): Promise<unknown> =>
    api.send({
      method: "POST",
      path: `/v1/sandboxes/${id}/${action}`,
      body,
      timeoutMs: OPERATION_TIMEOUT_MS,
    });
  return {
    id,
    run: async (line) => {
      const result = await post("exec", { cmd: line, timeout_sec: 60 });
      if (pick(result, "exit_code") === 0) return pickString(result, "stdout").trimEnd();
      throw new CommandFailure("smoke_failed", `"${line}" failed in the sandbox: ${JSON.stringify(result)}`);
    },
    pause: async () => void (await post("pause")),
    resume: async () => void (await post("resume")),
    fork: async () => {
      const [child] = pickList(await post("fork", { count: 1 }), "items");
      if (pick(child, "status") !== "running") {
        throw new CommandFailure("smoke_failed", `the fork does not run: ${JSON.stringify(child)}`);
      }
      return open(api, pickString(child, "id"));
    },
    remove: async () => void (await api.send({ method: "DELETE", path: `/v1/sandboxes/${id}` })),
  };
};

/** A sandbox of `minimal`, removed by its own timeout should nobody else do it. */
export const launchSandbox = async (api: ApiClient, purpose: string): Promise<SandboxClient> => {
  const made = await api.send({
    method: "POST",
    path: "/v1/sandboxes",
    body: { template: "minimal", timeout_sec: 600, on_timeout: "kill", metadata: { purpose } },
    timeoutMs: OPERATION_TIMEOUT_MS,
  });
  return open(api, pickString(made, "id"));
};
