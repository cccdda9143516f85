import { describe, expect, test } from "bun:test";

import { ApiError, conflict, errorBody, toApiError } from "./errors.ts";

const withCode = (code: string) => Object.assign(new Error("boom"), { code });

describe("toApiError", () => {
  test("keeps what is one already", () => {
    const error = conflict("in_use", "It is in use.", { count: 2 });
    expect(toApiError(error)).toBe(error);
    expect(errorBody(error)).toEqual({ error: { code: "in_use", message: "It is in use.", count: 2 } });
  });

  test.each(["ECONNREFUSED", "ENOENT", "CONNECTION_CLOSED", "CONNECT_TIMEOUT", "57P01", "08006"])(
    "a database away (%s) is 503, to be tried again",
    (code) => {
      const answer = toApiError(withCode(code));
      expect([answer.status, answer.code]).toEqual([503, "database_unavailable"]);
      expect(answer.headers["retry-after"]).toBe("1");
    },
  );

  test.each([withCode("23505"), new TypeError("secret detail"), "a string", undefined, null])(
    "anything else is 500 and tells nothing of itself: %p",
    (thrown) => {
      const answer = toApiError(thrown);
      expect([answer.status, answer.code]).toEqual([500, "internal_error"]);
      expect(JSON.stringify(errorBody(answer))).not.toContain("secret");
      expect(answer.cause).toBe(thrown);
    },
  );

  test("an error is an Error with its own name", () => {
    expect(new ApiError(418, "teapot", "Short and stout.")).toMatchObject({ name: "ApiError", status: 418 });
  });
});
