/** What the agent asks of its server over HTTP. Tells a refusal from a server that cannot be reached. */
import type { JWK } from "jose";

const ANSWER_MS = 10_000;

/** No answer came: the network, or the server, is away. Says nothing about the credentials. */
export class ServerUnreachable extends Error {
  override name = "ServerUnreachable";
}

/** The server answered, with an error. */
export class ServerRefused extends Error {
  override name = "ServerRefused";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface RegisterRequest {
  token: string;
  arch: string;
  cpu_cores: number;
  memory_mb: number;
  disk_gb: number;
  address: string;
  agent_version: string;
  accelerator: "kvm" | "emulated";
  runtime_id: string;
  tls_cert: string | null;
}

export interface RegisterAnswer {
  host_id: string;
  token: string;
  refresh_token: string;
  server_public_key: JWK;
  instance_id: string;
}

export interface HeartbeatRequest {
  free_memory_mb: number;
  free_disk_mb: number;
  running: number;
  runtime_id: string;
  address: string;
  agent_version: string;
  accelerator: "kvm" | "emulated";
  templates: { team_id: string; template_id: string }[];
  changes: {
    seq: number;
    sandbox_id: string;
    status: "running" | "paused" | "ended";
    reason: string;
    memory_kept: boolean;
    at: string;
  }[];
}

export interface HeartbeatAnswer {
  acknowledged_seq: number | null;
  server_time: string;
}

const sentenceOf = (text: string, status: number): string => {
  try {
    const body = JSON.parse(text) as { error?: { message?: string } };
    return body.error?.message ?? `HTTP ${status}`;
  } catch {
    return `HTTP ${status}`;
  }
};

/** Throws `ServerUnreachable`, `ServerRefused`. */
const post = async (url: string, body: unknown, token?: string): Promise<unknown> => {
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: "manual",
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw new ServerUnreachable(`${new URL(url).origin} does not answer`, { cause });
  }
  // A proxy or a server in trouble says nothing about this host.
  if (status >= 500 || (status >= 300 && status < 400)) {
    throw new ServerUnreachable(`${new URL(url).origin} answered ${status}`);
  }
  if (status >= 400) throw new ServerRefused(status, sentenceOf(text, status));
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch (cause) {
    throw new ServerUnreachable(`${new URL(url).origin} answered what is not JSON`, { cause });
  }
};

export const registerHost = async (serverUrl: string, body: RegisterRequest): Promise<RegisterAnswer> =>
  (await post(`${serverUrl}/v1/hosts/register`, body)) as RegisterAnswer;

export const refreshTokens = async (
  serverUrl: string,
  refreshToken: string,
): Promise<{ token: string; refresh_token: string }> =>
  (await post(`${serverUrl}/v1/hosts/auth/refresh`, { refresh_token: refreshToken })) as {
    token: string;
    refresh_token: string;
  };

/** @param hostId prefixed */
export const sendHeartbeat = async (
  serverUrl: string,
  hostId: string,
  token: string,
  body: HeartbeatRequest,
): Promise<HeartbeatAnswer> =>
  (await post(`${serverUrl}/v1/hosts/${hostId}/heartbeat`, body, token)) as HeartbeatAnswer;
