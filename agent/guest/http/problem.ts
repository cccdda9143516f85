/** Plain HTTP errors as E2B's clients read them: the status again as a number, and a sentence. */
import { Code, ConnectError } from "@connectrpc/connect";

export const problem = (status: number, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ code: status, message }, { status, headers });

const STATUS: Partial<Record<Code, number>> = {
  [Code.NotFound]: 404,
  [Code.InvalidArgument]: 400,
  [Code.FailedPrecondition]: 400,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.Unauthenticated]: 401,
  [Code.ResourceExhausted]: 507,
};

/** A Connect error of the shared code as an HTTP answer; its cause goes to the log only. */
export const problemOf = (error: unknown): Response => {
  if (error instanceof ConnectError) {
    const status = STATUS[error.code];
    if (status !== undefined) return problem(status, error.rawMessage);
  }
  console.error("request failed:", error);
  return problem(500, "internal error");
};
