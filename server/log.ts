/** Structured logs: one JSON object per line on standard error. Callers pass no secrets. */

export type LogFields = Record<string, unknown>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const MAX_CAUSES = 5;

/** An error with its causes as plain fields: JSON shows nothing of an Error by itself. */
export const describeError = (error: unknown): LogFields => {
  const chain: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < MAX_CAUSES; depth += 1) {
    chain.push(`${current.name}: ${current.message}`);
    current = current.cause;
  }
  if (chain.length === 0) chain.push(String(error));
  return { messages: chain, stack: error instanceof Error ? error.stack : undefined };
};

const replaceErrors = (_key: string, value: unknown): unknown =>
  value instanceof Error ? describeError(value) : typeof value === "bigint" ? String(value) : value;

const isPlain = (value: unknown): boolean =>
  value === null || (typeof value !== "object" && typeof value !== "bigint");

/** `write` takes one line with its newline. */
export const createLog = (write: (line: string) => void): Log => {
  const put =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      const record = { time: new Date().toISOString(), level, message, ...fields };
      // A request's own line has nothing to replace, and there is one for each.
      const replacer = Object.values(fields).every(isPlain) ? undefined : replaceErrors;
      write(`${JSON.stringify(record, replacer)}\n`);
    };
  return { info: put("info"), warn: put("warn"), error: put("error") };
};
