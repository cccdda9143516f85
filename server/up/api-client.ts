/** Wrenn's own HTTP API as `up` uses it: like any client, with a key or a user's token. */
import { CommandFailure } from "./failure.ts";
import { pick } from "./json.ts";

/** Sent as `X-API-Key`, or as a bearer token that is asked for anew each time. */
export type Credential = { apiKey: string } | { token: () => Promise<string> } | null;

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query. */
  path: string;
  body?: object;
  /** @default {30_000} */
  timeoutMs?: number;
}

export interface ApiClient {
  /** The parsed answer (null without a body). Throws `ApiError`. */
  send(request: ApiRequest): Promise<unknown>;
}

/** The API answered with an error, or not at all (`status` 0). */
export class ApiError extends CommandFailure {
  override name = "ApiError";
  constructor(
    readonly status: number,
    /** The API's own code, empty when there was none. */
    readonly apiCode: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super("api_refused", message, options);
  }
}

const headersFor = async (credential: Credential): Promise<Record<string, string>> => {
  if (credential === null) return {};
  return "apiKey" in credential
    ? { "X-API-Key": credential.apiKey }
    : { Authorization: `Bearer ${await credential.token()}` };
};

export const createApiClient = (baseUrl: string, credential: Credential): ApiClient => ({
  send: async ({ method, path, body, timeoutMs = 30_000 }) => {
    const label = `${method} ${path}`;
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...(await headersFor(credential)),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new ApiError(0, "", `${label} got no answer`, { cause });
    });
    const text = await response.text();
    const answer: unknown = (() => {
      try {
        return text === "" ? null : JSON.parse(text);
      } catch {
        return text;
      }
    })();
    if (response.ok) return answer;
    const code = pick(answer, "error.code");
    const message = pick(answer, "error.message");
    const said = typeof message === "string" ? message : text.slice(0, 500);
    throw new ApiError(
      response.status,
      typeof code === "string" ? code : "",
      `${label}: ${response.status} ${said}`,
    );
  },
});
