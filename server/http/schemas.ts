/** Schema pieces that many routes share. */
import { type TSchema, t } from "elysia";

/** One of a list of words; an `enum` in the API's description. */
export const words = <const T extends readonly string[]>(list: T, description?: string) =>
  t.UnionEnum<T>(list, { description });

/** RFC 3339, UTC. */
export const instant = (description: string) => t.String({ format: "date-time", description });
export const nullableInstant = (description: string) => t.Nullable(instant(description));

/** Body of every answer that is not a success; some codes carry further fields. */
export const ErrorModel = t.Object(
  {
    error: t.Object(
      {
        code: t.String({ description: "snake_case; what a program decides by" }),
        message: t.String({ description: "A sentence for people" }),
      },
      { additionalProperties: true },
    ),
  },
  { title: "Error" },
);

/** Adds the error answers a route can give to its `response` schema. */
export const withErrors = <T extends Record<number, TSchema>, const S extends readonly number[]>(
  success: T,
  statuses: S,
): T & Record<S[number], typeof ErrorModel> =>
  Object.assign(
    { ...success },
    Object.fromEntries(statuses.map((status) => [status, ErrorModel])),
  ) as T & Record<S[number], typeof ErrorModel>;
