/** The server's configuration: the environment, read once into one typed object. */
import { isIP } from "node:net";

import { isLoopback } from "../proto/loopback.ts";
import { fail, read, readBaseUrl, readMs } from "./config/environment.ts";
import type { Environment } from "./config/environment.ts";
import { readOauth } from "./config/oauth.ts";
import type { OauthConfig } from "./config/oauth.ts";
import { readRateLimits } from "./config/rate-limits.ts";
import { readTraffic } from "./config/traffic.ts";
import type { TrafficConfig } from "./config/traffic.ts";
import type { Rules } from "./rate-limits/classes.ts";

/** Who may make an account by themselves. */
export type SignupPolicy =
  { kind: "open" } | { kind: "closed" } | { kind: "domains"; domains: readonly string[] };

export interface ServerConfig extends TrafficConfig {
  listen: { hostname: string; port: number };
  /** The listener can be reached from this machine only. */
  isLoopback: boolean;
  /** Base of links given out, without a trailing slash. */
  publicUrl: string;
  /** PEM files; null = plain HTTP. */
  tls: { certFile: string; keyFile: string } | null;
  /** Addresses whose X-Forwarded-For counts. */
  trustedProxies: readonly string[];
  /** Null: open on loopback, else closed after the first account. */
  signup: SignupPolicy | null;
  /** How often who may do what; null: nothing is limited. */
  rateLimits: Rules | null;
  /** First administrator, made at start when there is no account yet. */
  admin: { email: string; password: string } | null;
  /** Signing in through other providers. */
  oauth: OauthConfig;
  /** Lets others than this machine read /metrics. */
  metricsToken: string | null;
  databaseUrl: string;
  /** The agent's executable that machines download; null: none is given out. */
  agentFile: string | null;
  /** The built dashboard; null: there is none. */
  webDirectory: string | null;
  /** How often a host is expected to beat. */
  heartbeatMs: number;
  /** Silence after which a host counts as unreachable. */
  staleMs: number;
  /** Time between two rounds of the monitor. */
  monitorMs: number;
  /** How often an open stream asks whether its caller still may. */
  recheckMs: number;
  /** How long a sandbox that only its host knows is kept. */
  quarantineMs: number;
}

const readListen = (env: Environment): ServerConfig["listen"] => {
  const text = read(env, "WRENN_LISTEN") ?? "127.0.0.1:4400";
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (hostname === undefined || port > 65_535) {
    return fail("WRENN_LISTEN", `expected address:port as 127.0.0.1:4400 or [::1]:4400, found "${text}"`);
  }
  return { hostname, port };
};

const readTls = (env: Environment): ServerConfig["tls"] => {
  const certFile = read(env, "WRENN_TLS_CERT");
  const keyFile = read(env, "WRENN_TLS_KEY");
  if (certFile === null && keyFile === null) return null;
  if (certFile === null) return fail("WRENN_TLS_CERT", "is needed beside WRENN_TLS_KEY (a PEM file)");
  if (keyFile === null) return fail("WRENN_TLS_KEY", "is needed beside WRENN_TLS_CERT (a PEM file)");
  return { certFile, keyFile };
};

const readPublicUrl = (env: Environment, listen: ServerConfig["listen"], isTls: boolean): string => {
  const given = readBaseUrl(env, "WRENN_PUBLIC_URL");
  if (given !== null) return given;
  const everywhere = listen.hostname === "0.0.0.0" || listen.hostname === "::";
  const name = everywhere ? "127.0.0.1" : listen.hostname;
  return `${isTls ? "https" : "http"}://${name.includes(":") ? `[${name}]` : name}:${listen.port}`;
};

const readProxies = (env: Environment): readonly string[] => {
  const addresses = (read(env, "WRENN_TRUSTED_PROXIES") ?? "")
    .split(",")
    .flatMap((part) => part.trim() || []);
  for (const address of addresses) {
    if (isIP(address) === 0) fail("WRENN_TRUSTED_PROXIES", `expected IP addresses, found "${address}"`);
  }
  return addresses;
};

const readSignup = (env: Environment): SignupPolicy | null => {
  const text = read(env, "WRENN_SIGNUP");
  if (text === null) return null;
  if (text === "open" || text === "closed") return { kind: text };
  const match = /^domains:([a-z0-9.-]+(?:,[a-z0-9.-]+)*)$/i.exec(text);
  if (match?.[1] === undefined) {
    return fail("WRENN_SIGNUP", `expected open, closed or domains:example.com,example.org, found "${text}"`);
  }
  return { kind: "domains", domains: match[1].toLowerCase().split(",") };
};

const readAdmin = (env: Environment): ServerConfig["admin"] => {
  const email = read(env, "WRENN_ADMIN_EMAIL");
  // Not trimmed: a password is what was typed.
  const password = env["WRENN_ADMIN_PASSWORD"] || null;
  if (email === null && password === null) return null;
  if (email === null) return fail("WRENN_ADMIN_EMAIL", "is needed beside WRENN_ADMIN_PASSWORD");
  if (password === null) return fail("WRENN_ADMIN_PASSWORD", "is needed beside WRENN_ADMIN_EMAIL");
  return { email, password };
};

const readDatabaseUrl = (env: Environment): string => {
  const text = read(env, "DATABASE_URL");
  if (text === null) {
    return fail("DATABASE_URL", "is not set. `bun run up` starts a database of its own and sets it");
  }
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    // The value is not repeated: it may hold a password.
    return fail("DATABASE_URL", "expected postgres://user:password@host:port/database");
  }
  return text;
};

/** Throws `ConfigError` for the first value that cannot be used. */
export const readConfig = (env: Environment): ServerConfig => {
  const listen = readListen(env);
  const tls = readTls(env);
  return {
    listen,
    isLoopback: isLoopback(listen.hostname),
    publicUrl: readPublicUrl(env, listen, tls !== null),
    tls,
    ...readTraffic(env, listen.port),
    trustedProxies: readProxies(env),
    signup: readSignup(env),
    rateLimits: readRateLimits(env),
    admin: readAdmin(env),
    oauth: readOauth(env),
    metricsToken: read(env, "WRENN_METRICS_TOKEN"),
    databaseUrl: readDatabaseUrl(env),
    agentFile: read(env, "WRENN_AGENT_FILE"),
    webDirectory: read(env, "WRENN_WEB_DIR"),
    heartbeatMs: readMs(env, "WRENN_HEARTBEAT_MS", 30_000),
    staleMs: readMs(env, "WRENN_STALE_MS", 90_000),
    monitorMs: readMs(env, "WRENN_MONITOR_MS", 15_000),
    recheckMs: readMs(env, "WRENN_RECHECK_MS", 60_000),
    quarantineMs: readMs(env, "WRENN_QUARANTINE_MS", 24 * 3_600_000),
  };
};
