/** Why a listener did not start, for the person who configured it. */
import { errorCode } from "../db/sql.ts";
import { ConfigError } from "./config/environment.ts";

export const listenError = (
  variable: string,
  { hostname, port }: { hostname: string; port: number },
  error: unknown,
): ConfigError => {
  const code = errorCode(error);
  const why = code === "EADDRINUSE" ? "is in use" : `cannot be listened on (${code ?? String(error)})`;
  return new ConfigError(`${variable}: ${hostname}:${port} ${why}`, { cause: error });
};
