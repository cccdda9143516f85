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
    /** What comes with the news that this host was deleted; whether it is true is not checked here. */
    readonly statement: string | null,
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
  /** What keeps the server from calling this host back; empty when nothing does. */
  unreachable_reason?: string;
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
  building: { template_id: string; progress: number }[];
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

const readRefusal = (text: string, status: number): ServerRefused => {
  const fields: Record<string, unknown> = {};
  try {
    Object.assign(fields, (JSON.parse(text) as { error?: object }).error);
  } catch {
    // Not of this server's making: a proxy's page.
  }
  const { message, statement } = fields;
  return new ServerRefused(
    status,
    typeof message === "string" ? message : `HTTP ${status}`,
    typeof statement === "string" ? statement : null,
  );
};

/** Throws `ServerUnreachable`, `ServerRefused`. */
const post = async (
  url: string,
  body: unknown,
  { token, answerMs = ANSWER_MS }: { token?: string; answerMs?: number } = {},
): Promise<unknown> => {
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
      signal: AbortSignal.timeout(answerMs),
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
  if (status >= 400) throw readRefusal(text, status);
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch (cause) {
    throw new ServerUnreachable(`${new URL(url).origin} answered what is not JSON`, { cause });
  }
};

export const registerHost = async (serverUrl: string, body: RegisterRequest): Promise<RegisterAnswer> =>
  (await post(`${serverUrl}/v1/hosts/register`, body)) as RegisterAnswer;

export interface Tokens {
  token: string;
  refresh_token: string;
}

/** Throws `ServerUnreachable` also for an answer without tokens: something else answers in the server's place. */
export const refreshTokens = async (serverUrl: string, refreshToken: string): Promise<Tokens> => {
  const body = { refresh_token: refreshToken };
  const answer = (await post(`${serverUrl}/v1/hosts/auth/refresh`, body)) as Partial<Tokens> | null;
  const { token, refresh_token } = answer ?? {};
  if (typeof token === "string" && typeof refresh_token === "string") return { token, refresh_token };
  throw new ServerUnreachable(`${serverUrl} answered a refresh without tokens`);
};

/**
 * @param hostId prefixed
 * @param answerMs how long the server may take
 */
export const sendHeartbeat = async (
  serverUrl: string,
  {
    hostId,
    token,
    body,
    answerMs,
  }: { hostId: string; token: string; body: HeartbeatRequest; answerMs?: number },
): Promise<HeartbeatAnswer> =>
  (await post(`${serverUrl}/v1/hosts/${hostId}/heartbeat`, body, { token, answerMs })) as HeartbeatAnswer;
