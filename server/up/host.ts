/** Makes this machine a host of the instance, by the same one-time token any other machine would use. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type ApiClient, ApiError } from "./api-client.ts";
import { CommandFailure } from "./failure.ts";
import { pick, pickList, pickString } from "./json.ts";

export interface HostJoin {
  api: ApiClient;
  agentPath: string;
  /** The agent's directory. */
  directory: string;
  /** Under which name it is listed. */
  name: string;
  /** What the agent is started through, such as the way into a network namespace. */
  launcher: string[];
  /** Of every process of this agent. */
  environment: Record<string, string>;
}

/** The first registration fetches a kernel and tries the accelerator. */
const REGISTER_TIMEOUT_MS = 600_000;

/** Under which id the directory was registered, or null. */
const readHostId = (directory: string): string | null => {
  try {
    return pickString(JSON.parse(readFileSync(join(directory, "host-credentials.json"), "utf8")), "host_id");
  } catch {
    return null;
  }
};

const isKnown = async (api: ApiClient, hostId: string): Promise<boolean> => {
  try {
    await api.send({ method: "GET", path: `/v1/hosts/${hostId}` });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
};

/** A token for a new host, or for the one that an interrupted start left pending. */
const issueToken = async ({ api, name }: HostJoin): Promise<{ hostId: string; token: string }> => {
  const hosts = pickList(await api.send({ method: "GET", path: "/v1/hosts?limit=200" }), "items");
  const pending = hosts.find((host) => pick(host, "name") === name && pick(host, "status") === "pending");
  if (pending !== undefined) {
    const hostId = pickString(pending, "id");
    const issued = await api.send({ method: "POST", path: `/v1/hosts/${hostId}/token` });
    return { hostId, token: pickString(issued, "token") };
  }
  const made = await api.send({ method: "POST", path: "/v1/hosts", body: { name, type: "regular" } });
  return { hostId: pickString(made, "host.id"), token: pickString(made, "registration.token") };
};

const register = async (join: HostJoin, token: string): Promise<void> => {
  const child = Bun.spawn([...join.launcher, join.agentPath, "register"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    // By the environment: a command line can be read by every user of the machine.
    env: { ...process.env, ...join.environment, WRENN_REGISTRATION_TOKEN: token },
    timeout: REGISTER_TIMEOUT_MS,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode === 0) return;
  const lastWords = `${stdout}\n${stderr}`.trim().slice(-2_000);
  throw new CommandFailure("missing_rights", `this machine could not be registered as a host: ${lastWords}`);
};

/** The host's id. Registers when this directory never was, or when the database does not know it. */
export const joinAsHost = async (join: HostJoin): Promise<{ hostId: string; isNew: boolean }> => {
  const known = readHostId(join.directory);
  if (known !== null && (await isKnown(join.api, known))) return { hostId: known, isNew: false };
  const { hostId, token } = await issueToken(join);
  await register(join, token);
  return { hostId, isNew: true };
};

/** What `doctor` finds missing on this machine; throws `missing_rights` with its lines. */
export const checkMachine = async ({
  agentPath,
  environment,
}: Pick<HostJoin, "agentPath" | "environment">): Promise<void> => {
  const child = Bun.spawn([agentPath, "doctor"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
    timeout: 60_000,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode === 0) return;
  const failed = stdout.split("\n").filter((line) => line.startsWith("FAIL"));
  const found = failed.length > 0 ? failed.join("\n") : `${stdout}${stderr}`.trim();
  throw new CommandFailure("missing_rights", `this machine cannot run sandboxes:\n${found}`);
};
