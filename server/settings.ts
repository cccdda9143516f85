/** The instance's identity and keys: made by the first server that starts, the same for all that follow. */
import { exportJWK, generateKeyPair, importJWK } from "jose";
import type { JWK } from "jose";

import type { Json, Sql } from "../db/sql.ts";
import { randomHex } from "./auth/secrets.ts";

export interface Settings {
  /** Issuer of every token of this instance. UUID. */
  instanceId: string;
  /** Signs users' tokens (HS256). */
  userTokenKey: Uint8Array;
  /** Signs hosts' tokens (HS256). */
  hostTokenKey: Uint8Array;
  /** Signs the server's calls to hosts (Ed25519); hosts hold the public half. */
  callKey: { privateKey: CryptoKey; publicJwk: JWK };
  /** Access tokens of sandboxes are HMACs by this key. */
  trafficKey: Uint8Array;
  /** Printed at start while there is no account, for the first one of a reachable server. */
  setupCode: string;
}

const secret = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");

const newCallKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return exportJWK(privateKey);
};

const newSettings = async (): Promise<Record<string, Json>> => ({
  instance_id: crypto.randomUUID(),
  user_token_key: secret(),
  host_token_key: secret(),
  call_key: { ...(await newCallKey()) },
  traffic_key: secret(),
  setup_code: randomHex(8),
});

const text = (rows: Map<string, unknown>, key: string): string => {
  const value = rows.get(key);
  if (typeof value !== "string")
    throw new Error(`The database's setting ${key} is damaged; restore a backup.`);
  return value;
};

const bytes = (rows: Map<string, unknown>, key: string): Uint8Array =>
  Buffer.from(text(rows, key), "base64url");

const readCallKey = async (jwk: JWK): Promise<Settings["callKey"]> => {
  const privateKey = await importJWK(jwk, "EdDSA");
  if (privateKey instanceof Uint8Array) {
    throw new TypeError("The database's setting call_key is damaged; restore a backup.");
  }
  const { d: _private, ...publicJwk } = jwk;
  return { privateKey, publicJwk };
};

/** Makes what is missing and reads it all. Safe when several servers start at once: the first row stays. */
export const loadSettings = async (sql: Sql): Promise<Settings> => {
  const made = Object.entries(await newSettings()).map(([key, value]) => ({ key, value: sql.json(value) }));
  await sql`insert into settings ${sql(made, "key", "value")} on conflict (key) do nothing`;
  const found = await sql<{ key: string; value: unknown }[]>`select key, value from settings`;
  const rows = new Map(found.map(({ key, value }) => [key, value]));
  return {
    instanceId: text(rows, "instance_id"),
    userTokenKey: bytes(rows, "user_token_key"),
    hostTokenKey: bytes(rows, "host_token_key"),
    callKey: await readCallKey(rows.get("call_key") as JWK),
    trafficKey: bytes(rows, "traffic_key"),
    setupCode: text(rows, "setup_code"),
  };
};
