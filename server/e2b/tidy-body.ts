/** For E2B's clients a missing body is an empty one, and null the same as absent. */

const withoutNulls = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).flatMap(([key, inner]) =>
    inner === null ? [] : [[key, withoutNulls(inner)] as const],
  );
  return Object.fromEntries(kept);
};

/** Before the body is looked at. */
export const tidyBody = (context: { body: unknown }): void => {
  context.body = withoutNulls(context.body ?? {});
};
