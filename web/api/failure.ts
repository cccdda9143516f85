/** Why a request did not work, with words for the person at the screen. */

interface ErrorBody {
  error: { code: string; message: string; field?: unknown; rule?: unknown };
}

const isErrorBody = (value: unknown): value is ErrorBody =>
  typeof value === "object" &&
  value !== null &&
  "error" in value &&
  typeof value.error === "object" &&
  value.error !== null &&
  "code" in value.error &&
  typeof value.error.code === "string" &&
  "message" in value.error &&
  typeof value.error.message === "string";

export class ApiFailure extends Error {
  override name = "ApiFailure";

  constructor(
    /** 0: no answer came. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** What of the request was wrong, where one part was. */
    readonly field: string | null = null,
    /** All that the answer says. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export const unreachable = (cause: unknown): ApiFailure => {
  const failure = new ApiFailure(
    0,
    "unreachable",
    "The server cannot be reached just now. Check your connection, then try again.",
  );
  failure.cause = cause;
  return failure;
};

/** From an answer that is no success. */
export const toFailure = async (response: Response): Promise<ApiFailure> => {
  const body: unknown = await response.json().catch(() => null);
  if (!isErrorBody(body)) {
    return new ApiFailure(
      response.status,
      "unexpected_answer",
      `The server answered ${response.status} without saying why. Try again in a moment.`,
    );
  }
  const { code, message, field } = body.error;
  return new ApiFailure(response.status, code, message, typeof field === "string" ? field : null, {
    ...body.error,
  });
};

/** Words for whatever was caught. */
export const describeFailure = (error: unknown): string =>
  error instanceof ApiFailure ? error.message : "Something went wrong here. Reload the page and try again.";
