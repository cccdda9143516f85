/**
 * The one place that knows the PostgreSQL driver: how a connection is made, what its types look like,
 * and which of its failures mean that the database is away. `patches/` mends what it does when a connection ends
 * while a write waits (porsager/postgres#1208): an error nobody can catch, or a connection that stays mute.
 */
import postgres from "postgres";

type Types = { int8: number };

/** A pool of connections; `sql.begin` opens a transaction. */
export type Sql = postgres.Sql<Types>;
/** Inside `sql.begin`. */
export type Tx = postgres.TransactionSql<Types>;
/** Either: what a query needs that does not care who commits it. */
export type Queryable = postgres.ISql<Types>;
export type Json = postgres.JSONValue;

export interface ConnectOptions {
  /** `postgres://user:password@host:port/database`, or `…@localhost/database?host=/socket/directory`. */
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Role to act as after signing in; null keeps the URL's own user. */
  role?: string | null;
  /** @default {10} */
  maxConnections?: number;
  /** Ends any statement that runs longer; 0 = never. @default {15_000} */
  statementTimeoutMs?: number;
  /** @default {5_000} */
  connectTimeoutMs?: number;
}

const readUrl = (text: string): { url: string; host?: string; port?: number } => {
  const url = new URL(text);
  const host = url.searchParams.get("host");
  if (host === null) return { url: text };
  const port = Number(url.searchParams.get("port") ?? (url.port || 5432));
  url.searchParams.delete("host");
  url.searchParams.delete("port");
  return { url: url.href, host, port };
};

/**
 * A pool; no connection is made before the first query. `int8` arrives as a number (every such column here
 * stays below 2^53), `timestamptz` as a Date, `bytea` as a Buffer, `jsonb` parsed.
 */
export const connectDatabase = (options: ConnectOptions): Sql => {
  const { url, ...address } = readUrl(options.url);
  return postgres(url, {
    ...address,
    max: options.maxConnections ?? 10,
    connect_timeout: (options.connectTimeoutMs ?? 5_000) / 1000,
    // A database that comes back is used again within a second.
    backoff: (retries: number) => Math.min(1, 0.05 * 2 ** retries),
    onnotice: () => {},
    connection: {
      application_name: options.applicationName,
      statement_timeout: options.statementTimeoutMs ?? 15_000,
      idle_in_transaction_session_timeout: 60_000,
      timezone: "UTC",
      ...(options.role ? { role: options.role } : {}),
    },
    types: {
      int8: {
        to: 20,
        from: [20],
        parse: (raw: string) => Number(raw),
        serialize: (value: number) => String(value),
      },
    },
  });
};

/**
 * One connection beside the pool, to the same database as the same role: for what belongs to a session, as an
 * advisory lock or a LISTEN does. The driver makes a new one in its place when it is used after it broke.
 * @param options.idleMs PostgreSQL ends the session, also of a client that is away, when it was idle for longer.
 * @param options.onClose the connection is gone, whatever the reason.
 * @param options.onNotify somebody rang on a channel that the session listens to.
 */
export const connectSession = (
  sql: Sql,
  options: { applicationName: string; idleMs: number; onClose: () => void; onNotify?: () => void },
): Sql => {
  const { applicationName, idleMs, onClose, onNotify } = options;
  const session = {
    ...sql.options,
    max: 1,
    idle_timeout: null,
    max_lifetime: null,
    // The pool has asked for them; a session that ends meanwhile would leave a rejection that nobody handles.
    fetch_types: false,
    onclose: onClose,
    onnotify: onNotify,
    connection: {
      ...sql.options.connection,
      application_name: applicationName,
      statement_timeout: idleMs,
      idle_session_timeout: idleMs,
      idle_in_transaction_session_timeout: idleMs,
    },
  };
  // The driver takes back the options it parsed; its types speak of unparsed ones.
  return postgres(session as unknown as postgres.Options<{ int8: postgres.PostgresType<number> }>);
};

/** Codes of the driver and of PostgreSQL that mean: not there just now, the statement did not take effect. */
const AWAY = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "EPIPE",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "53300", // too_many_connections
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
]);

/** The driver's or PostgreSQL's code of an error (SQLSTATE for the latter), or null. */
export const errorCode = (error: unknown): string | null => {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
};

/** True when an error says that PostgreSQL cannot be reached or is shutting down. */
export const isDatabaseAway = (error: unknown): boolean => {
  const code = errorCode(error);
  return code !== null && (AWAY.has(code) || code.startsWith("08"));
};

/** Zero bytes in text, and in JSON also halves of surrogate pairs. */
const UNSTORABLE = new Set(["22021", "22P05", "22P02"]);

/** True when PostgreSQL refused a text because of what is in it. */
export const isUnstorableText = (error: unknown): boolean => UNSTORABLE.has(errorCode(error) ?? "");

const UNIQUE_VIOLATION = "23505";

/** True when `error` is a violation of the named unique constraint or index. */
export const isUniqueViolation = (error: unknown, constraint: string): boolean =>
  error instanceof postgres.PostgresError &&
  error.code === UNIQUE_VIOLATION &&
  error.constraint_name === constraint;
