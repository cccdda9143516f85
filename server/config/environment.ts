/** How configuration is read out of the environment, and how a value that will not do is refused. */

/** A variable's value cannot be used. The message names the variable and says what would do. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

export type Environment = Record<string, string | undefined>;

export const fail = (name: string, sentence: string): never => {
  throw new ConfigError(`${name}: ${sentence}`);
};

/** Trimmed. An empty variable is an unset one: that is how most tools clear them. */
export const read = (env: Environment, name: string): string | null => env[name]?.trim() || null;

/** Whole milliseconds, at least 10. */
export const readMs = (env: Environment, name: string, fallback: number): number => {
  const text = read(env, name);
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 10) {
    return fail(name, `expected whole milliseconds, at least 10, found "${text}"`);
  }
  return Number(text);
};

/** Without a trailing slash. */
export const readBaseUrl = (env: Environment, variable: string): string | null => {
  const text = read(env, variable);
  if (text === null) return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    return fail(variable, `expected a URL as https://wrenn.example.com, found "${text}"`);
  }
  return url.href.replace(/\/+$/, "");
};
