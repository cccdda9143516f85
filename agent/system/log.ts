/** Structured logs: one JSON object per line on stderr. Values are facts for operators, never secrets. */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Record<string, string | number | boolean | null | undefined>;
export type Logger = Record<LogLevel, (event: string, fields?: LogFields) => void>;

const ORDER: LogLevel[] = ["debug", "info", "warn", "error"];

/** @param write takes whole lines; @default {process.stderr} */
export const createLogger = (
  minimum: LogLevel = "info",
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger => {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (ORDER.indexOf(level) < ORDER.indexOf(minimum)) return;
      write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
};
