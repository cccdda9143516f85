/** Who may ask the guest agent for what. */
import type { FileOperation } from "../../proto/file-signature.ts";
import { problem } from "./http/problem.ts";
import { equalSecrets, signatureProblem } from "./http/signature.ts";
import type { SandboxSettings } from "./settings.ts";

const TOKEN_HEADER = "x-access-token";

const refuse = (message: string): Response => problem(401, message);

/** For Connect clients the same refusal must carry Connect's code. */
const refuseRpc = (message: string): Response =>
  Response.json({ code: "unauthenticated", message }, { status: 401 });

const tokenProblem = (request: Request, accessToken: string): string | null => {
  const given = request.headers.get(TOKEN_HEADER);
  if (given === null) return `unauthorized: the ${TOKEN_HEADER} header is missing`;
  return equalSecrets(given, accessToken) ? null : "unauthorized: the access token does not match";
};

/** Null when the request may go on, else the answer. */
export const refusal = (
  request: Request,
  settings: SandboxSettings,
  form: "http" | "rpc",
): Response | null => {
  if (settings.accessToken === null) return null;
  const reason = tokenProblem(request, settings.accessToken);
  if (reason === null) return null;
  return form === "rpc" ? refuseRpc(reason) : refuse(reason);
};

/** The same for /files, where a signature in the query is as good as the token. */
export const fileRefusal = (
  request: Request,
  settings: SandboxSettings,
  { query, operation }: { query: URLSearchParams; operation: FileOperation },
): Response | null => {
  const { accessToken } = settings;
  if (accessToken === null) return null;
  // An empty header is none: clients without a token send it so.
  if (request.headers.get(TOKEN_HEADER)) return refusal(request, settings, "http");
  const reason = signatureProblem(query, { operation, accessToken, nowMs: Date.now() });
  return reason === null ? null : refuse(reason);
};
