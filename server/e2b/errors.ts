/** Errors as E2B's clients read them: `{"code":<HTTP status>,"message"}`, on every path of theirs. */
import { ApiError, notFound } from "../errors.ts";

/** What is answered here and nowhere under `/v1`. */
const E2B_PATH = /^\/(?:v[23]|sandboxes|snapshots|templates|volumes|secrets|teams)(?:\/|$)/;

export const isE2bPath = (path: string): boolean => E2B_PATH.test(path);

export const e2bErrorBody = ({ status, message }: ApiError): { code: number; message: string } => ({
  code: status,
  message,
});

/** 404 for whatever a client took for the id of a sandbox of its own. */
export const noSuchSandbox = (text: string): ApiError =>
  notFound("sandbox_not_found", `There is no sandbox ${text} in this team.`);

/** To these clients a sandbox that has ended is not there any more, also when it ended this moment. */
export const toE2bError = (error: ApiError): ApiError => {
  const { status } = error.details;
  const hasEnded = error.code === "invalid_state" && (status === "stopped" || status === "error");
  return hasEnded ? notFound("sandbox_not_found", "The sandbox has ended.") : error;
};

/** 501 on what E2B has and Wrenn has not. */
export const notSupported = (what: string): ApiError =>
  new ApiError(501, "not_supported", `${what} are not supported by this server.`);
